"""Notices in the entries themselves, found by a partial index that holds nothing else (SPEC G1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pymongo import UpdateOne, WriteConcern

from relance.adapters.mongo.documents import Collection, MotorDatabase, Raw
from relance.adapters.mongo.errors import translated
from relance.contracts.follow_up import InvitationEvent
from relance.domain.base import Document, Utc
from relance.domain.invitations.events import EventKind
from relance.ports.outbox import Lag, Waiting

COUNTED = 10_000
_REPLAN = "replan"
_SINCE = "notice.since"
# One that a newer version wrote stays, and is counted, until that version is back.
_READABLE = {"notice.kind": {"$in": [kind.value for kind in EventKind]}, "notice.at": {"$type": "date"}}


class _Asked(Document):
    asked: int = 0
    answered: int = 0
    since: Utc | None = None


class MongoOutbox:
    """`ports.Outbox` over `invitations`, and one document of `outbox`."""

    def __init__(self, database: MotorDatabase) -> None:
        self._invitations: Collection = database.invitations
        # Lost in a failover it is only done once more.
        self._leisurely: Collection = database.invitations.with_options(write_concern=WriteConcern(w=1))
        self._outbox: Collection = database.outbox

    async def pending(self, after: datetime | None, before: datetime, limit: int) -> list[Waiting]:
        """Return the oldest notices written between two instants."""
        wanted = {_SINCE: {"$lt": before, **({"$gt": after} if after is not None else {})}, **_READABLE}
        with translated("read the outbox"):
            raws = await self._invitations.find(wanted, {"notice": 1}).sort(_SINCE, 1).limit(limit).to_list(None)
        return [_waiting(raw) for raw in raws]

    async def done(self, events: Sequence[InvitationEvent]) -> None:
        """Take notices away, unless a newer one has come."""
        if not events:
            return
        writes = [
            UpdateOne(
                {"_id": event.invitation_id, "notice.kind": event.kind.value, "notice.at": event.at},
                {"$unset": {"notice": 1}},
            )
            for event in events
        ]
        with translated("clear the outbox"):
            await self._leisurely.bulk_write(writes, ordered=False)

    async def lag(self) -> Lag:
        """Return how far behind it is; counts no further than 10,000."""
        there = {_SINCE: {"$exists": True}}
        with translated("look at the outbox"):
            oldest = await self._invitations.find(there, {_SINCE: 1}).sort(_SINCE, 1).limit(1).to_list(None)
            asked = await self._asked()
            waiting = await self._invitations.count_documents(there, limit=COUNTED) if oldest else 0
        instants = [raw["notice"]["since"] for raw in oldest]
        if asked.asked > asked.answered and asked.since is not None:
            instants.append(asked.since)
            waiting += 1
        return Lag(waiting, min(instants, default=None))

    async def ask_replan(self, at: datetime) -> None:
        """Ask for a new plan."""
        with translated("ask for a new plan"):
            await self._outbox.update_one(
                {"_id": _REPLAN},
                [
                    {
                        "$set": {
                            "asked": {"$add": [{"$ifNull": ["$asked", 0]}, 1]},
                            # Since the first of those that are not answered.
                            "since": {"$cond": [{"$gt": ["$asked", "$answered"]}, "$since", at]},
                        }
                    }
                ],
                upsert=True,
            )

    async def replan_asked(self) -> int:
        """Return the number of the newest question; 0 if all are answered."""
        with translated("look at the outbox"):
            found = await self._asked()
        return found.asked if found.asked > found.answered else 0

    async def replanned(self, asked: int) -> None:
        """Answer the questions up to this number."""
        with translated("clear the outbox"):
            await self._outbox.update_one({"_id": _REPLAN}, {"$max": {"answered": asked}})

    async def _asked(self) -> _Asked:
        return _Asked.model_validate(await self._outbox.find_one({"_id": _REPLAN}) or {})


def _waiting(raw: Raw) -> Waiting:
    notice = raw["notice"]
    event = InvitationEvent(invitation_id=raw["_id"], kind=EventKind(notice["kind"]), at=notice["at"])
    return Waiting(event, notice["since"])
