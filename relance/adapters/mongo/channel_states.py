"""How each channel fares, across restarts (SPEC A5)."""

from __future__ import annotations

from relance.adapters.mongo.documents import Collection, Reader, to_raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.quarantine import Quarantine
from relance.domain.channel_state import ChannelState


class MongoChannelStates:
    """`ports.ChannelStates` over the collection `channels`: one document per channel."""

    def __init__(self, collection: Collection, quarantine: Quarantine) -> None:
        self._collection = collection
        self._reader = Reader(ChannelState, "channels", quarantine)

    async def all(self) -> dict[str, ChannelState]:
        """Return every known state by channel name."""
        with translated("read the states of channels"):
            raws = await self._collection.find({}).to_list(None)
        return {state.name: state for state in await self._reader.valid(raws)}

    async def note(self, state: ChannelState) -> None:
        """Replace the state of a channel."""
        with translated("note the state of a channel"):
            await self._collection.replace_one({"_id": state.name}, to_raw(state), upsert=True)
