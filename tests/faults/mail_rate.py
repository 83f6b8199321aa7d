"""Mails per second, in quiet and in disturbed times."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Any

from relance.devstack.mailbox.client import Mailbox
from tests.support.mail_flow import MailFlow

WINDOW_S = 0.5


class MailRate:
    """Samples the mailbox twice a second while the context lasts; quiet unless told otherwise."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._flow = MailFlow(mailbox)
        self._quiet: list[float] = []
        self._disturbed: list[float] = []
        self._now = self._quiet
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> MailRate:
        self._task = asyncio.create_task(self._sample())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def disturbed(self) -> None:
        """From now on something is happening."""
        self._now = self._disturbed

    def calm(self) -> None:
        """From now on nothing is."""
        self._now = self._quiet

    def figures(self) -> dict[str, Any]:
        """Return the mean rates per second, and the dip between them as a share; none without both kinds of time."""
        quiet, disturbed = _mean(self._quiet), _mean(self._disturbed)
        dip = round(1 - disturbed / quiet, 2) if quiet and disturbed is not None else None
        return {"quiet_per_s": quiet, "disturbed_per_s": disturbed, "dip": dip}

    async def _sample(self) -> None:
        before, then = await self._flow.look(), time.monotonic()
        while True:
            target = self._now
            await asyncio.sleep(WINDOW_S)
            count, now = await self._flow.look(), time.monotonic()
            # A window in which things changed is neither.
            if target is self._now and count > 0:
                target.append((count - before) / (now - then))
            before, then = count, now


def _mean(rates: list[float]) -> float | None:
    return round(sum(rates) / len(rates), 1) if rates else None
