"""What the relay has logged, for whoever has to know of a mail whose reply was lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from relance.errors import DependencyUnavailable
from relance.ports import Knowledge, LogCoverage, RelayRecord
from tests.simulation.world import World


class SimulatedRelayLog:
    """A complete log that is some seconds behind and now and then cannot be read; `accepted` is by Message-ID."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.accepted: dict[str, datetime] = {}

    @property
    def lag(self) -> timedelta:
        """How far it may be behind."""
        return timedelta(seconds=5)

    async def find(self, message_ids: Sequence[str], since: datetime) -> dict[str, RelayRecord]:
        """Return what is known of each mail."""
        if self._world.chance(self._world.rates.relay_breaks_before):
            self._world.trace.fault("relay", "log-unreadable")
            raise DependencyUnavailable("relay log", "simulated")
        return {one: self._record(one) for one in message_ids}

    async def coverage(self, since: datetime) -> LogCoverage:
        """Return that every mail is in it."""
        return LogCoverage(covers=True, lines=len(self.accepted), understood=len(self.accepted))

    def _record(self, message_id: str) -> RelayRecord:
        at = self.accepted.get(message_id)
        if at is None:
            return RelayRecord(Knowledge.ABSENT)
        return RelayRecord(Knowledge.ACCEPTED, at=at)
