"""The records of job runs, how far the audit has come, and which reports were posted."""

from __future__ import annotations

from collections.abc import Collection as Several
from collections.abc import Sequence
from datetime import datetime

from pydantic import ValidationError
from pymongo.errors import DuplicateKeyError

from relance.adapters.mongo.documents import Collection, Raw, Reader, to_raw, undecodable
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.piecewise import read_each
from relance.adapters.mongo.quarantine import MongoQuarantine, reason_of
from relance.adapters.mongo.set_aside import Invalid
from relance.contracts.cycle import CycleStatistics
from relance.domain.jobs.audit import AuditMark
from relance.domain.jobs.run import JobRun, improves

_REPORT = "monthly-cycle-report"


class MongoJobRuns:
    """`ports.JobRuns` over the collection `jobRuns`, unique over job and nominal time."""

    def __init__(self, collection: Collection, quarantine: MongoQuarantine) -> None:
        self._collection = collection
        self._quarantine = quarantine
        self._reader = Reader(JobRun, "jobRuns", quarantine)
        quarantine.checks("jobRuns", self._reason, {})

    async def record(self, run: JobRun) -> bool:
        """Record a run once, or in the place of one that did not do it; return whether this call wrote anything."""
        with translated("record a job run"):
            try:
                await self._collection.insert_one(_raw(run))
            except DuplicateKeyError:
                return await self._improve(run)
        return True

    async def recorded(self, job: str, nominals: Several[datetime]) -> set[datetime]:
        """Return which of these nominal times have a record."""
        query: Raw = {"job": job, "nominal": {"$in": list(nominals)}}
        with translated("look for job runs"):
            found = await self._collection.find(query, {"nominal": 1}).to_list(None)
        return {run["nominal"] for run in found}

    async def runs(self, *, job: str | None = None, since: datetime | None = None, limit: int = 100) -> list[JobRun]:
        """Return recorded runs, of one job or of all, newest nominal time first."""
        # The cycles' reports lie here too, with a period instead of an instant.
        nominal: Raw = {"$type": "date"} | ({"$gte": since} if since else {})
        query: Raw = {"nominal": nominal} | ({"job": job} if job is not None else {})
        with translated("read job runs"):
            raws = await read_each(
                self._collection,
                lambda some, fields: some.find(query, fields).sort([("nominal", -1), ("job", 1)]).limit(limit),
                None,
            )
        return await self._reader.valid(raws)

    async def store_statistics(self, statistics: CycleStatistics, at: datetime) -> None:
        """Store how a cycle ended, replacing an earlier report of the period."""
        key = {"job": _REPORT, "nominal": statistics.period}
        with translated("store a cycle's report"):
            # As JSON, because BSON has no durations.
            report = {**key, "at": at, "statistics": statistics.model_dump(mode="json")}
            await self._collection.replace_one(key, report, upsert=True)

    async def statistics(self, period: str) -> CycleStatistics | None:
        """Return the stored report of a period."""
        with translated("read a cycle's report"):
            found = await self._collection.find_one({"job": _REPORT, "nominal": period})
        read = await self._reports([found] if found else [])
        return read[0] if read else None

    async def cycles(self, until: str, limit: int) -> list[CycleStatistics]:
        """Return the stored reports up to a period, oldest first, the newest so many."""
        wanted = {"job": _REPORT, "nominal": {"$type": "string", "$lte": until}}
        with translated("read the cycles' reports"):
            found = await self._collection.find(wanted).sort([("nominal", -1)]).limit(limit).to_list(None)
        return await self._reports(list(reversed(found)))

    async def _reports(self, raws: Sequence[Raw]) -> list[CycleStatistics]:
        read = [(raw, _report(raw)) for raw in raws]
        await self._quarantine.put(
            "jobRuns", [Invalid.of("jobRuns", raw, run) for raw, run in read if isinstance(run, str)]
        )
        return [run for _, run in read if isinstance(run, CycleStatistics)]

    def _reason(self, raw: Raw) -> str | None:
        if raw.get("job") != _REPORT:
            return self._reader.reason(raw)
        read = _report(raw)
        return read if isinstance(read, str) else None

    async def _improve(self, run: JobRun) -> bool:
        key: Raw = {"job": run.job, "nominal": run.nominal}
        before = await self._reader.one(await self._collection.find_one(key))
        if before is None or not improves(run.state, before.state):
            return False
        fields = {name: value for name, value in _raw(run).items() if name not in {"job", "nominal", "history"}}
        # Of two that improve it at the same time one does: then it is done, and nothing improves it further.
        change = {"$set": fields, "$push": {"history": before.outcome.model_dump(by_alias=True)}}
        result = await self._collection.update_one({**key, "state": before.state, "at": before.at}, change)
        return result.modified_count == 1


def _report(raw: Raw) -> CycleStatistics | str:
    """Return a stored report, or why it is none."""
    if (field := undecodable(raw)) is not None:
        return f"{field}: not_utf8"
    try:
        return CycleStatistics.model_validate(raw.get("statistics"))
    except ValidationError as error:
        return reason_of(error)


def _raw(run: JobRun) -> Raw:
    raw = run.model_dump(by_alias=True)
    return raw if run.history else {name: value for name, value in raw.items() if name != "history"}


class MongoAuditMarks:
    """`ports.AuditMarks` over the collection `jobAudits`: one document per job."""

    def __init__(self, collection: Collection, quarantine: MongoQuarantine) -> None:
        self._collection = collection
        self._reader = Reader(AuditMark, "jobAudits", quarantine)

    async def get(self, job: str) -> AuditMark | None:
        """Return how far a job is audited; None if it never was."""
        with translated("read how far a job is audited"):
            raw = await self._collection.find_one({"_id": job})
        return await self._reader.one(raw)

    async def put(self, mark: AuditMark) -> None:
        """Remember how far a job is audited."""
        with translated("store how far a job is audited"):
            await self._collection.replace_one({"_id": mark.job}, to_raw(mark), upsert=True)


class MongoPostedReports:
    """`ports.digests.PostedReports` over the collection `postedReports`: `_id` is the report's key."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def take(self, key: str, job: str, nominal: datetime, owner: str, at: datetime, *, stale: datetime) -> bool:
        """Take a report on; False if it is posted, or if another owner took it on after `stale`."""
        free = {"_id": key, "done": False, "$or": [{"owner": owner}, {"at": {"$lt": stale}}]}
        fields = {"job": job, "nominal": nominal, "owner": owner, "at": at, "done": False}
        with translated("take a report on"):
            try:
                await self._collection.update_one(free, {"$set": fields}, upsert=True)
            except DuplicateKeyError:
                return False
        return True

    async def done(self, key: str, owner: str) -> None:
        """Record that a report of this owner is posted."""
        with translated("record a posted report"):
            await self._collection.update_one({"_id": key, "owner": owner}, {"$set": {"done": True}})

    async def give_up(self, key: str, owner: str) -> None:
        """Release a report that was not posted, so that another run can take it."""
        with translated("give a report up"):
            await self._collection.delete_one({"_id": key, "owner": owner, "done": False})

    async def last(self, job: str, before: datetime) -> datetime | None:
        """Return the nominal time of the newest posted report of a job before an instant."""
        query = {"job": job, "nominal": {"$lt": before}, "done": True}
        with translated("find the last report"):
            found = await self._collection.find_one(query, {"nominal": 1}, sort=[("nominal", -1)])
        return found["nominal"] if found else None
