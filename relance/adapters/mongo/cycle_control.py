"""The control of each cycle, and what is known of a database that was put back."""

from __future__ import annotations

from datetime import UTC, datetime

from pymongo.errors import DuplicateKeyError

from relance.adapters.mongo.documents import Collection, Raw, Reader, to_raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.quarantine import MongoQuarantine
from relance.domain.cycle.control import Control, ControlState, states_before
from relance.domain.cycle.error_gate import GateState
from relance.domain.invitations.restore import Restore

_UNREADABLE = "what the cycle was told cannot be read, see `starter.py quarantine list`"


class MongoControls:
    """`ports.Controls` over the collection `cycleControls`: one document per period."""

    def __init__(self, collection: Collection, quarantine: MongoQuarantine) -> None:
        self._collection = collection
        self._reader = Reader(Control, "cycleControls", quarantine)

    async def get(self, period: str) -> Control:
        """Return the current control of the cycle; it runs if no control is stored."""
        with translated("read a cycle's control"):
            raw = await self._collection.find_one({"_id": period})
        if raw is None:
            return Control(id=period)
        return await self._reader.one(raw) or _when_unreadable(period, raw)

    async def change(self, wanted: Control) -> tuple[Control, bool]:
        """Store a control by compare-and-set; return the current control, and whether this call changed it."""
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
    """Return the control of a cycle whose document cannot be read wholly: its state, or a pause.

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


class MongoErrorGates:
    """`ports.ErrorGates` over the collection `errorGates`: one document per stretch, deleted by a TTL index."""

    def __init__(self, collection: Collection, quarantine: MongoQuarantine) -> None:
        self._collection = collection
        self._reader = Reader(GateState, "errorGates", quarantine)

    async def get(self, stretch: str) -> GateState:
        """Return the state of a stretch; version 0 if nothing is stored.

        One that cannot be read is quarantined and counting begins anew: it would hold up the cycle, and is worth less.
        """
        with translated("read the error gate"):
            raw = await self._collection.find_one({"_id": stretch})
        state = await self._reader.one(raw)
        if raw is not None and state is None:
            with translated("begin the error gate anew"):
                await self._collection.delete_one({"_id": stretch})
        return state or GateState(id=stretch)

    async def replace(self, state: GateState) -> bool:
        """Write a state by compare-and-set: only after the version before it. Return whether it was written."""
        before = {"_id": state.id, "version": state.version - 1}
        with translated("write the error gate"):
            try:
                written = await self._collection.replace_one(before, to_raw(state), upsert=state.version == 1)
            except DuplicateKeyError:
                # Another process has stored a control first.
                return False
        return written.matched_count == 1 or written.upserted_id is not None


class MongoRestores:
    """`ports.Restores` over the collection `restores`: one document."""

    def __init__(self, collection: Collection, quarantine: MongoQuarantine) -> None:
        self._collection = collection
        self._reader = Reader(Restore, "restores", quarantine)

    async def last(self) -> Restore | None:
        """Return the last restore; None if there was none."""
        with translated("read the last restore"):
            raw = await self._collection.find_one({"_id": "last"})
        return await self._reader.one(raw)

    async def record(self, restore: Restore) -> None:
        """Record a restore; it takes the place of the one before."""
        with translated("record a restore"):
            await self._collection.replace_one({"_id": restore.id}, to_raw(restore), upsert=True)
