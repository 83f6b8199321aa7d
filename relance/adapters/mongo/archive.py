"""What is past its time, deleted or made anonymous page by page (SPEC H1)."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from pymongo.errors import BulkWriteError

from relance.adapters.mongo.anonymising import ANONYMISERS, ANONYMOUS, Named, names
from relance.adapters.mongo.channels import NUMBERED
from relance.adapters.mongo.documents import Collection, MotorDatabase, Raw
from relance.adapters.mongo.errors import only_duplicates, translated
from relance.adapters.mongo.mailbox_slots import MailboxSlots
from relance.adapters.mongo.ranges import Ranges
from relance.adapters.mongo.suppressions import MongoSuppressions
from relance.domain.base import is_period
from relance.domain.cycle.control import GIVEN_UP, compensation_id
from relance.domain.cycle.planning import PlanStatus
from relance.domain.invitations.invitation import InvitationStatus
from relance.domain.jobs.retention import RetentionStage, Sweep, Unsettled
from relance.ports.jobs import Overdue

_FOLLOWED = [InvitationStatus.SENT.value, InvitationStatus.OPENED.value]
_UNSENT = [InvitationStatus.QUEUED.value, InvitationStatus.SENDING.value]
_OPEN_PLANS = [PlanStatus.PLANNED.value, PlanStatus.SENDING.value]

SWEPT = {
    Sweep.INVITATIONS_DELETED: "invitations",
    Sweep.COMPENSATIONS_DELETED: "compensations",
    Sweep.CONTROLS_DELETED: "cycleControls",
    Sweep.PLANS_DELETED: "plans",
    Sweep.INVITATIONS_ANONYMISED: "invitations",
    Sweep.COMPENSATIONS_ANONYMISED: "compensations",
    Sweep.PLANS_ANONYMISED: "plans",
    Sweep.JOB_RUNS: "jobRuns",
    Sweep.ALERTS: "alerts",
    Sweep.SILENCES: "silences",
    Sweep.CHAT_MESSAGES: "chatMessages",
    Sweep.ATTACHMENTS: "attachments",
    Sweep.QUARANTINE: "quarantine",
    Sweep.POSTED: "postedReports",
}
# Only a date is before a date: the cycles' reports among the job runs, with a period there, stay.
_AGE = {
    Sweep.JOB_RUNS: "nominal",
    Sweep.ALERTS: "resolvedAt",
    Sweep.SILENCES: "endsAt",
    Sweep.CHAT_MESSAGES: "at",
    Sweep.ATTACHMENTS: "createdAt",
    Sweep.QUARANTINE: "seenAt",
    Sweep.POSTED: "at",
}


class MongoArchive:
    """`ports.retention.Archive` over all our collections."""

    def __init__(self, database: MotorDatabase, suppressions: MongoSuppressions, ranges: Ranges | None = None) -> None:
        self._database = database
        self._suppressions = suppressions
        self._slots = MailboxSlots(database)
        self._ranges = ranges or Ranges()
        self._keys: Collection = database.anonymisations

    async def periods(self) -> list[str]:
        """Return the periods of which there are plans or invitations, in order."""
        with translated("list the periods"):
            found = [await self._database[name].distinct("period") for name in ("plans", "invitations")]
        return sorted({period for some in found for period in some if is_period(period)})

    async def overdue(self, period: str, after: str, size: int, before: datetime) -> list[Overdue]:
        """Return invitations that wait for an answer and should have expired before then, in order of id."""
        query = {"status": {"$in": _FOLLOWED}, "dueAt.expiry": {"$lt": before}}
        with translated("look for overdue invitations"):
            raws = await self._ranges.page(
                self._database.invitations, period, query, size, after=after, fields={"userId": 1}
            )
        return [Overdue(raw["_id"], _user(raw)) for raw in raws]

    async def unsettled(self, period: str, *, timers_after: datetime, doubts_since: datetime) -> Unsettled:
        """Count what is open of a period."""
        open_doubt = {"$and": [{"$lte": ["$$this.verdict", None]}, {"$gte": ["$$this.since", doubts_since]}]}
        doubts = {"$filter": {"input": {"$ifNull": ["$doubts", []]}, "cond": open_doubt}}
        # Without an instant nobody knows when it ends.
        timer = {"$or": [{"$lte": ["$dueAt.expiry", None]}, {"$gte": ["$dueAt.expiry", timers_after]}]}
        stages: list[Raw] = [
            {
                "$group": {
                    "_id": None,
                    "mails": _sum_if({"$in": ["$status", _UNSENT]}),
                    "timers": _sum_if({"$and": [{"$in": ["$status", _FOLLOWED]}, timer]}),
                    "doubts": _sum_if({"$gt": [{"$size": doubts}, 0]}),
                }
            },
        ]
        with translated("look whether a period is at rest"):
            plans = await self._database.plans.count_documents(
                {"period": period, "status": {"$in": _OPEN_PLANS}}, maxTimeMS=self._ranges.most_ms
            )
            found: Counter[str] = Counter()
            async for _, groups in self._ranges.groups(self._database.invitations, period, stages):
                for group in groups:
                    found.update({name: group[name] for name in ("mails", "timers", "doubts")})
        return Unsettled(plans, found["mails"], found["timers"], found["doubts"])

    async def has_names(self, period: str) -> bool:
        """Return whether anything of a period is not anonymous yet."""
        with translated("look whether a period is anonymous"):
            for name in ANONYMISERS:
                if await self._database[name].find_one({"period": period, ANONYMOUS: {"$ne": True}}, {"_id": 1}):
                    return True
        return False

    async def count(self, sweep: Sweep, *, before: datetime, periods: Sequence[str]) -> int:
        """Count what a sweep would change, without changing anything."""
        query, collection = await self._query(sweep, before, periods), self._of(sweep)
        with translated("count what is past its time"):
            if sweep.stage is None or sweep is Sweep.CONTROLS_DELETED:
                return await collection.count_documents(query, maxTimeMS=self._ranges.most_ms)
            query.pop("period")
            prefixes = [prefix for period in periods for prefix in _prefixes(collection.name, period)]
            return sum([await self._ranges.count(collection, prefix, query) for prefix in prefixes])

    async def sweep(self, sweep: Sweep, *, before: datetime, periods: Sequence[str], size: int) -> int:
        """Delete or anonymise the next documents, at most `size`; return how many, 0 when none is left."""
        query, collection = await self._query(sweep, before, periods), self._of(sweep)
        anonymised = sweep.stage is RetentionStage.ANONYMOUS
        with translated("take away what is past its time"):
            if sweep is Sweep.INVITATIONS_DELETED:
                # First, so that none of them outlives the invitations it is counted with.
                await self._suppressions.forget(periods, size)
                await self._slots.forget(periods)
            found = collection.find(query, None if anonymised else {"_id": 1}).limit(size)
            raws = await found.max_time_ms(self._ranges.most_ms).to_list(None)
            if not raws:
                return 0
            if anonymised:
                await self._insert_anonymous(collection, raws)
            # The filter again: what has changed meanwhile stays.
            these = {"$and": [{"_id": {"$in": [raw["_id"] for raw in raws]}}, query]}
            result = await collection.delete_many(these, hint="_id_")
        return result.deleted_count

    async def end_anonymising(self, periods: Sequence[str]) -> None:
        """Forget the key by which these periods' names were replaced, and who has invited which mailbox."""
        await self._slots.forget(periods)
        with translated("destroy the keys of anonymous periods"):
            await self._keys.delete_many({"_id": {"$in": list(periods)}})

    def _of(self, sweep: Sweep) -> Collection:
        return self._database[SWEPT[sweep]]

    async def _query(self, sweep: Sweep, before: datetime, periods: Sequence[str]) -> Raw:
        name = SWEPT[sweep]
        if sweep is Sweep.CONTROLS_DELETED:
            return {"_id": {"$in": list(periods)}}
        if sweep.stage is not None:
            named = {ANONYMOUS: {"$ne": True}} if sweep.stage is RetentionStage.ANONYMOUS else {}
            return {"period": {"$in": list(periods)}, **named, **_at_rest(name, before)}
        query: Raw = {_AGE[sweep]: {"$lt": before}}
        if sweep is Sweep.CHAT_MESSAGES:
            # The next number is that of the newest message plus one, and readers go on from the last they have seen.
            with translated("find the newest message"):
                newest = await self._of(sweep).find_one(NUMBERED, {"number": 1}, sort=[("number", -1)])
            query["number"] = {"$lt": newest["number"] if newest else 0}
        return query

    async def _insert_anonymous(self, collection: Collection, raws: Sequence[Raw]) -> None:
        named = {period: await self._named(period) for period in {raw["period"] for raw in raws}}
        write = ANONYMISERS[collection.name]
        if collection.name == "invitations":
            # First: from the anonymous entry nobody could tell any more which invitation it was.
            await self._suppressions.keep(raws)
        try:
            await collection.insert_many([write(raw, named[raw["period"]]) for raw in raws], ordered=False)
        except BulkWriteError as error:
            # They are there: somebody was cut off before he could delete the others.
            if not only_duplicates(error):
                raise

    async def _named(self, period: str) -> Named:
        await self._keys.update_one(
            {"_id": period}, {"$setOnInsert": {"key": secrets.token_hex(32), "at": datetime.now(UTC)}}, upsert=True
        )
        found = await self._keys.find_one({"_id": period})
        return names(bytes.fromhex(found["key"] if found else ""))


def _user(raw: Raw) -> str:
    # An invalid entry may lack it; its id begins with period and user.
    user = raw.get("userId")
    return user if isinstance(user, str) else str(raw["_id"]).split(".")[1]


def _prefixes(collection: str, period: str) -> list[str]:
    """Return what the ids of a period's documents begin with."""
    if collection != "compensations":
        return [period]
    return [compensation_id(decision, month, period) for decision, those in GIVEN_UP.items() for month in those]


def _at_rest(collection: str, timers_before: datetime) -> Raw:
    # Once more in the very write, should a settled period come to life again. A dry run, which has expired nothing,
    # counts what was to expire as well.
    if collection == "plans":
        return {"status": {"$nin": _OPEN_PLANS}}
    if collection != "invitations":
        return {}
    expired = {"status": {"$in": _FOLLOWED}, "dueAt.expiry": {"$lt": timers_before}}
    return {"$or": [{"status": {"$nin": [*_UNSENT, *_FOLLOWED]}}, expired]}


def _sum_if(condition: Raw) -> Raw:
    return {"$sum": {"$cond": [condition, 1, 0]}}
