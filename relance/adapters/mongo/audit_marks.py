"""How far each job's nominal times are audited (SPEC H3)."""

from __future__ import annotations

from relance.adapters.mongo.documents import Collection, Reader, to_raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.quarantine import Quarantine
from relance.domain.job_audit import AuditMark


class MongoAuditMarks:
    """`ports.AuditMarks` over the collection `jobAudits`: one document per job."""

    def __init__(self, collection: Collection, quarantine: Quarantine) -> None:
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
