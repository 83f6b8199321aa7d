"""What the worker processes say about themselves (SPEC H2, H6)."""

from __future__ import annotations

from datetime import datetime

from relance.adapters.mongo.documents import Collection, Reader, to_raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.quarantine import Quarantine
from relance.domain.worker_report import WorkerReport


class MongoWorkers:
    """`ports.Workers` over the collection `workers`; a TTL index forgets the processes that died."""

    def __init__(self, collection: Collection, quarantine: Quarantine) -> None:
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
