"""Questions that go over a whole period, asked range by range: a bounded number of documents in each command.

Our ids begin with their period and never change, so ranges of ids cover a period and every document lies in exactly
one of them: it is counted once, as it is when its range is read. What is written meanwhile is seen or not, as by one
command over all of it, which is no snapshot either. Statuses only move forward: what counted as ended is never open
afterwards.

Each command has a time limit below the socket's. One that is too slow fails as such, with the server's own code, and
the server gives it up; a socket that gives up first looks like a lost connection, and leaves the question running.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from relance.adapters.mongo.documents import Collection, Raw

RANGE = 10_000
"""Documents of a range: some 20 to 60 ms of counting, so that it ends in time on a server a hundred times slower."""
MOST_MS = 8000
SHARE = 0.8
"""Of the socket's timeout: the answer has to travel as well."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """Asks by ranges of ids; each command may take `most_ms`."""

    most_ms: int = MOST_MS
    size: int = RANGE

    async def over(self, collection: Collection, prefix: str, after: str = "") -> AsyncIterator[Raw]:
        """Yield conditions on `_id`, in order, for the ids that begin with `<prefix>.` and come after `after`."""
        # "/" comes after "."
        last, end = after or f"{prefix}.", f"{prefix}/"
        while True:
            # Out of the index alone.
            found = collection.find({"_id": {"$gt": last, "$lt": end}}, {"_id": 1}).sort("_id", 1)
            edge = await found.skip(self.size - 1).limit(1).max_time_ms(self.most_ms).to_list(None)
            if not edge:
                yield {"$gt": last, "$lt": end}
                return
            yield {"$gt": last, "$lte": edge[0]["_id"]}
            last = edge[0]["_id"]

    async def groups(
        self, collection: Collection, prefix: str, stages: Sequence[Raw], after: str = ""
    ) -> AsyncIterator[tuple[str, list[Raw]]]:
        """Yield per range the id up to which it goes, which as `after` goes on behind it, and what a pipeline gives."""
        async for ids in self.over(collection, prefix, after):
            pipeline = [{"$match": {"_id": ids}}, *stages]
            found = await collection.aggregate(pipeline, maxTimeMS=self.most_ms).to_list(None)
            yield ids.get("$lte") or ids["$lt"], found

    async def count(self, collection: Collection, prefix: str, query: Raw, most: int | None = None) -> int:
        """Return how many documents match; no further than `most`."""
        total = 0
        async for ids in self.over(collection, prefix):
            total += await collection.count_documents({"_id": ids, **query}, maxTimeMS=self.most_ms)
            if most is not None and total >= most:
                return most
        return total

    async def page(
        self,
        collection: Collection,
        prefix: str,
        query: Raw,
        size: int,
        *,
        after: str = "",
        fields: dict[str, Any] | None = None,
    ) -> list[Raw]:
        """Return the next documents that match, in order of id, at most `size`; however far apart they lie."""
        result: list[Raw] = []
        async for ids in self.over(collection, prefix, after):
            found = collection.find({"_id": ids, **query}, fields).sort("_id", 1)
            result += await found.limit(size - len(result)).max_time_ms(self.most_ms).to_list(None)
            if len(result) >= size:
                break
        return result


def ranges(timeout: float) -> Ranges:
    """Return how to ask a database whose operations may take `timeout` seconds."""
    return Ranges(most_ms=max(1, int(timeout * 1000 * SHARE)))
