"""The control of a cycle, read again each second while its mails are sent, once per process and period (SPEC C11)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from relance.domain.cycle.control import Control, ControlState
from relance.errors import DependencyUnavailable
from relance.ports import Controls

LOOK_EVERY = 1.0
"""Seconds: with the mails in flight this is how long a pause takes."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class ControlSnapshot:
    """The control of one period as this process last read it; shared by all tasks that send for the period."""

    control: Control
    seen: float
    users: int = 0
    looking: asyncio.Task[None] | None = None
    first: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def stops(self) -> bool:
        """Whether no invitation may be begun."""
        return self.control.state is not ControlState.RUNNING

    @property
    def holds_reminders(self) -> bool:
        """Whether no reminder may be begun; those of a cancelled cycle's invitations still go out."""
        return self.control.state in {ControlState.PAUSED, ControlState.ROLLED_BACK}


class ControlPoller:
    """Reads the controls of the periods that are being sent, once per second each."""

    def __init__(self, controls: Controls, every: float = LOOK_EVERY) -> None:
        self._controls = controls
        self._every = every
        self._snapshots: dict[str, ControlSnapshot] = {}

    @asynccontextmanager
    async def watching(self, period: str) -> AsyncIterator[ControlSnapshot]:
        """Yield what is known of a period, kept up to date for as long as anybody watches.

        Raises:
            DependencyUnavailable: the database, at the first look.
        """
        snapshot = self._snapshots.setdefault(period, ControlSnapshot(Control(id=period), seen=float("-inf")))
        snapshot.users += 1
        try:
            async with snapshot.first:
                # A stop may be over already; only that the cycle runs is believed for a second.
                if snapshot.stops or asyncio.get_running_loop().time() - snapshot.seen > self._every:
                    await self.look(snapshot)
            if snapshot.looking is None:
                snapshot.looking = asyncio.create_task(self._keep_looking(snapshot))
            yield snapshot
        finally:
            snapshot.users -= 1
            if not snapshot.users and snapshot.looking is not None:
                snapshot.looking.cancel()
                snapshot.looking = None

    async def _keep_looking(self, snapshot: ControlSnapshot) -> None:
        while True:
            await asyncio.sleep(self._every)
            try:
                await self.look(snapshot)
            except DependencyUnavailable:
                # Without the database no mail can be claimed either.
                logger.warning("the control of a cycle could not be read")

    async def look(self, snapshot: ControlSnapshot) -> None:
        """Look now.

        Raises:
            DependencyUnavailable: the database.
        """
        snapshot.control = await self._controls.get(snapshot.control.id)
        snapshot.seen = asyncio.get_running_loop().time()
