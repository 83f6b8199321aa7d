"""Which reports people have got, and who posts the ones they have not (SPEC A6)."""

from __future__ import annotations

from datetime import datetime

from pymongo.errors import DuplicateKeyError

from relance.adapters.mongo.documents import Collection
from relance.adapters.mongo.errors import translated


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
        """Leave a report that was not posted to whoever takes it on next."""
        with translated("give a report up"):
            await self._collection.delete_one({"_id": key, "owner": owner, "done": False})

    async def last(self, job: str, before: datetime) -> datetime | None:
        """Return the nominal time of the newest posted report of a job before an instant."""
        query = {"job": job, "nominal": {"$lt": before}, "done": True}
        with translated("find the last report"):
            found = await self._collection.find_one(query, {"nominal": 1}, sort=[("nominal", -1)])
        return found["nominal"] if found else None
