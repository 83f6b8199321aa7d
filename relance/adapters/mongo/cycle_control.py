"""What each period's cycle was told last (SPEC C11)."""

from __future__ import annotations

from datetime import UTC, datetime

from pymongo.errors import DuplicateKeyError

from relance.adapters.mongo.documents import Collection, Raw, Reader, to_raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.quarantine import Quarantine
from relance.domain.control import Control, ControlState, states_before

_UNREADABLE = "what the cycle was told cannot be read, see `starter.py quarantine list`"


class MongoControls:
    """`ports.Controls` over the collection `cycleControls`: one document per period."""

    def __init__(self, collection: Collection, quarantine: Quarantine) -> None:
        self._collection = collection
        self._reader = Reader(Control, "cycleControls", quarantine)

    async def get(self, period: str) -> Control:
        """Return what the cycle was told last; it runs if nobody told it anything."""
        with translated("read a cycle's control"):
            raw = await self._collection.find_one({"_id": period})
        if raw is None:
            return Control(id=period)
        return await self._reader.one(raw) or _when_unreadable(period, raw)

    async def change(self, wanted: Control) -> tuple[Control, bool]:
        """Tell a cycle something by compare-and-set; return what holds now, and whether this call changed it."""
        before = states_before(wanted.state)
        fields = {name: {"$literal": value} for name, value in to_raw(wanted).items() if name != "_id"}
        # Later than what it follows, whatever the clocks say: those who hear of both take the later one.
        fields["at"] = {"$max": [wanted.at, {"$add": ["$at", 1]}]}
        with translated("change a cycle's control"):
            try:
                result = await self._collection.update_one(
                    {"_id": wanted.id, "state": {"$in": [state.value for state in before]}},
                    [{"$set": fields}],
                    # Without a document the cycle runs.
                    upsert=ControlState.RUNNING in before,
                )
            except DuplicateKeyError:
                # There is a document, in a state that this one may not follow.
                return await self.get(wanted.id), False
        changed = result.matched_count == 1 or result.upserted_id is not None
        return await self.get(wanted.id), changed


def _when_unreadable(period: str, raw: Raw) -> Control:
    """Return what holds for a cycle of which nobody can read all it was told: its state, or a pause.

    That it runs would have mails sent which somebody may have stopped.
    """
    known = {state.value: state for state in ControlState}
    said, at = raw.get("state"), raw.get("at")
    return Control(
        id=period,
        state=known.get(said, ControlState.PAUSED) if isinstance(said, str) else ControlState.PAUSED,
        reason=_UNREADABLE,
        by="relance",
        at=at if isinstance(at, datetime) else datetime.now(UTC),
    )
