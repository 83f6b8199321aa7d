"""A look that may take longer than a look has time: over millions of entries, or at a database that is busy."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from relance.ports.health import Probe, ProbeReading

SHARE = 0.8
LONGEST_S = 900.0
"""Seconds after which a look counts as stuck, and the next one begins anew."""

STILL_LOOKING = "still_looking"


class LastingProbe:
    """Lets a look go on when its time is over; the looks after it wait for the same one, and tell what the last found.

    That a large ledger takes a minute to read is no trouble; what it says is then as old as that.
    """

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._looking: asyncio.Task[ProbeReading] | None = None
        self._began = 0.0
        self._last = ProbeReading(0.0, "", STILL_LOOKING)

    @property
    def name(self) -> str:
        """The name of the probe."""
        return self._probe.name

    @property
    def deadline(self) -> float:
        """Seconds after which a look has failed; this one answers before."""
        return self._probe.deadline

    async def look(self) -> ProbeReading:
        """Return what the look found, or the one before if it is not over.

        Raises:
            RelanceError: nothing could be found out.
            TimeoutError: it is stuck.
        """
        if self._looking is None:
            self._began = time.monotonic()
            self._looking = asyncio.create_task(self._probe.look())
        looking = self._looking
        done, _ = await asyncio.wait({looking}, timeout=self.deadline * SHARE)
        if done:
            self._looking = None
            self._last = looking.result()
        elif time.monotonic() - self._began > LONGEST_S:
            await self.close()
            raise TimeoutError
        return self._last

    async def close(self) -> None:
        """End a look that is not over."""
        if self._looking is not None:
            looking, self._looking = self._looking, None
            looking.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await looking
