"""One record per nominal time of every job, and the stored reports of the cycles (SPEC H3, C13)."""

from __future__ import annotations

from datetime import datetime

from pymongo.errors import DuplicateKeyError

from relance.adapters.mongo.documents import Collection, Raw, Reader
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.quarantine import Quarantine
from relance.contracts.cycle import CycleStatistics
from relance.domain.job_run import JobRun

_REPORT = "monthly-cycle-report"


class MongoJobRuns:
    """`ports.JobRuns` over the collection `jobRuns`, unique over job and nominal time."""

    def __init__(self, collection: Collection, quarantine: Quarantine) -> None:
        self._collection = collection
        self._reader = Reader(JobRun, "jobRuns", quarantine)

    async def record(self, run: JobRun) -> bool:
        """Record a run once; return whether this call made the record."""
        with translated("record a job run"):
            try:
                await self._collection.insert_one(run.model_dump(by_alias=True))
            except DuplicateKeyError:
                return False
        return True

    async def runs(self, *, job: str | None = None, since: datetime | None = None, limit: int = 100) -> list[JobRun]:
        """Return recorded runs, of one job or of all, newest nominal time first."""
        # The cycles' reports lie here too, with a period instead of an instant.
        nominal: Raw = {"$type": "date"} | ({"$gte": since} if since else {})
        query: Raw = {"nominal": nominal} | ({"job": job} if job is not None else {})
        with translated("read job runs"):
            raws = await self._collection.find(query).sort([("nominal", -1), ("job", 1)]).limit(limit).to_list(None)
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
        return CycleStatistics.model_validate(found["statistics"]) if found else None
