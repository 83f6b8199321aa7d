"""Results of the probes, the worker processes that report, and the effects that the watchdog looks at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

from pymongo import ReplaceOne

from relance.adapters.mongo.documents import Collection, MotorDatabase, Raw, Reader, to_raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.piecewise import read_each
from relance.adapters.mongo.quarantine import MongoQuarantine
from relance.adapters.mongo.ranges import Ranges
from relance.adapters.mongo.unreadable_plans import ON_EARTH
from relance.domain.base import is_period
from relance.domain.cycle.control import ControlState
from relance.domain.cycle.planning import PlanStatus
from relance.domain.health.probes import WorkerReport
from relance.domain.health.status import ProbeStatus
from relance.domain.health.watchdog import DuePlans


class MongoHealthChecks:
    """`ports.HealthChecks` over the collection `healthChecks`: one document per probe."""

    def __init__(self, collection: Collection, quarantine: MongoQuarantine) -> None:
        self._collection = collection
        self._reader = Reader(ProbeStatus, "healthChecks", quarantine)

    async def all(self) -> Mapping[str, ProbeStatus]:
        """Return every known standing by probe."""
        with translated("read the health of everything"):
            raws = await read_each(self._collection, lambda some, fields: some.find({}, fields), None)
        return {standing.probe: standing for standing in await self._reader.valid(raws)}

    async def store(self, statuses: Sequence[ProbeStatus]) -> None:
        """Replace the standings of these probes."""
        if not statuses:
            return
        with translated("store the health of everything"):
            await self._collection.bulk_write(
                [ReplaceOne({"_id": status.probe}, to_raw(status), upsert=True) for status in statuses], ordered=False
            )


_OPEN = {"$in": [PlanStatus.PLANNED.value, PlanStatus.SENDING.value]}
MOST_COUNTED = 10_000
_LAST: Raw = {"$group": {"_id": None, "last": {"$max": "$sentAt"}}}
_SENDING, _USERS = 5000, 100
"""Users looked at first, and at a time: a user has at most a thousand entries."""


class MongoEffects:
    """`ports.Effects` over the plans, the invitations and the controls of the cycles."""

    def __init__(self, database: MotorDatabase, ranges: Ranges | None = None) -> None:
        self._database = database
        self._ranges = ranges or Ranges()

    async def plans_due(self, before: datetime) -> list[DuePlans]:
        """Return, by period, the plans that were due before an instant and are not done."""
        with translated("look for overdue plans"):
            periods = await self._database.plans.distinct("period")
            found = [await self._due(period, before) for period in sorted(filter(is_period, periods))]
        return [plan for plan in found if plan is not None]

    async def last_mail(self, periods: Sequence[str], since: datetime) -> datetime | None:
        """Return when the relay last accepted an invitation of these periods; one after `since` is recent enough."""
        last: datetime | None = None
        with translated("look for the last mail"):
            async for found in self._newest(periods):
                last = max(filter(None, (last, found)), default=None)
                if last is not None and last >= since:
                    return last
        return last

    async def _newest(self, periods: Sequence[str]) -> AsyncIterator[datetime | None]:
        """Yield the newest mails of some entries each, of all in the end: first of the users that are being sent to."""
        for period in periods:
            sending = {"period": period, "status": PlanStatus.SENDING.value}
            plans = await self._database.plans.find(sending, {"_id": 0, "userId": 1}).limit(_SENDING).to_list(None)
            for start in range(0, len(plans), _USERS):
                users = [plan.get("userId") for plan in plans[start : start + _USERS]]
                entries: Raw = {"$match": {"period": period, "userId": {"$in": users}}}
                found = await self._database.invitations.aggregate(
                    [entries, _LAST], maxTimeMS=self._ranges.most_ms
                ).to_list(None)
                yield found[0]["last"] if found else None
        for period in periods:
            async for _, found in self._ranges.groups(self._database.invitations, period, [_LAST]):
                yield found[0]["last"] if found else None

    async def stuck_claims(self, periods: Sequence[str], before: datetime) -> int:
        """Count the mails of these periods that were claimed before an instant and have no result."""
        total, stuck = 0, {"claim.at": {"$lt": before}}
        with translated("look for stuck mails"):
            for period in periods:
                most = MOST_COUNTED - total
                total += await self._ranges.count(self._database.invitations, period, stuck, most) if most else 0
        return total

    async def _due(self, period: str, before: datetime) -> DuePlans | None:
        query: Raw = {"period": period, "status": _OPEN, "instant": {**ON_EARTH, "$lt": before}}
        first = await self._database.plans.find_one(query, {"instant": 1}, sort=[("instant", 1)])
        if first is None:
            return None
        count = await self._database.plans.count_documents(query, limit=MOST_COUNTED, maxTimeMS=self._ranges.most_ms)
        control = await self._database.cycleControls.find_one({"_id": period}) or {}
        stopped = control.get("state", ControlState.RUNNING.value) != ControlState.RUNNING.value
        return DuePlans(period, count, first["instant"], (control.get("by") or "somebody") if stopped else None)


_ID = "health-check"


class MongoServerStatus:
    """Probes of the server that cost one round trip or two."""

    def __init__(self, database: MotorDatabase) -> None:
        self._database = database

    async def write(self, at: datetime) -> None:
        """Ping, then write one document that a majority has in its journal."""
        with translated("write for the health check"):
            await self._database.command("ping")
            await self._database.healthProbe.replace_one({"_id": _ID}, {"at": at}, upsert=True)

    async def disk_used(self) -> float | None:
        """Return how much of the primary's disk is in use, in percent; None if it does not tell."""
        with translated("read the database's disk"):
            stats = await self._database.command("dbStats")
        total = stats.get("fsTotalSize")
        return 100.0 * stats["fsUsedSize"] / total if total else None


class MongoWorkers:
    """`ports.Workers` over the collection `workers`; a TTL index forgets the processes that died."""

    def __init__(self, collection: Collection, quarantine: MongoQuarantine) -> None:
        self._collection = collection
        self._reader = Reader(WorkerReport, "workers", quarantine)

    async def report(self, report: WorkerReport) -> None:
        """Replace what a process said last."""
        with translated("report a worker"):
            await self._collection.replace_one({"_id": report.worker}, to_raw(report), upsert=True)

    async def leave(self, worker: str) -> None:
        """Forget a process that ends."""
        with translated("take a worker's leave"):
            await self._collection.delete_one({"_id": worker})

    async def alive(self, since: datetime) -> list[WorkerReport]:
        """Return the newest report of each process that reported since then."""
        with translated("read the workers"):
            raws = await self._collection.find({"at": {"$gte": since}}).sort("_id", 1).to_list(None)
        return await self._reader.valid(raws)
