"""A worker process reports about itself, and learns by that whether it reaches its servers (SPEC H2, X3)."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from relance.concurrency import in_background
from relance.domain.health.probes import WorkerReport
from relance.domain.mail.sharing import HeardRests, LimitShare, ProviderRest
from relance.errors import RelanceError
from relance.ports import Clock
from relance.ports.health import Workers
from relance.runtime.liveness import Liveness
from relance.runtime.metrics import rss_bytes

SENDING = frozenset({"all", "mail"})
"""The roles that send mails."""
MIB = 1024 * 1024
TIMEOUT = 5.0
LEAVE_TIMEOUT = 1.0
LOOK_EVERY = 0.5
"""Seconds after which a provider that begins to rest is reported, at the latest."""
MISSED_REPORTS = 3
"""Reports without an answer after which a server counts as lost."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reporter:
    """What a process says about itself, and hears of the others.

    `breakers` are the states of its breakers by name; `rests` the providers that asked it to wait, and `leave_alone`
    lets a provider rest that asked another process to wait. `greet_temporal` is None in a process that works without
    Temporal.
    """

    workers: Workers
    greet_temporal: Callable[[], Awaitable[None]] | None
    breakers: Callable[[], Mapping[str, int]]
    role: str
    every: timedelta
    liveness: Liveness
    clock: Clock
    share: LimitShare = field(default_factory=LimitShare)
    rests: Callable[[], Sequence[ProviderRest]] = tuple
    leave_alone: Callable[[ProviderRest], None] = lambda _: None
    heard: HeardRests = field(default_factory=HeardRests)

    async def take_share(self) -> None:
        """Find out which processes send just now, and take this one's part of what they share (SPEC C8).

        Providers that asked another process to wait get no mail from this process either (SPEC X3).

        Raises:
            DependencyUnavailable: the database; the part stays as it was.
        """
        now = self.clock.now()
        alive = await self.workers.alive(now - lately(self.every))
        self.share.among([report.worker for report in alive if report.role in SENDING], worker_name())
        for report in alive:
            if report.worker != worker_name():
                age = max((now - report.at).total_seconds(), 0.0)
                left = [rest.after(age) for rest in report.rests]
                for rest in self.heard.news(report.worker, left, time.monotonic()):
                    self.leave_alone(rest)

    async def round(self, started_at: datetime) -> None:
        """Report to the database and greet Temporal; what does not answer is not waited for longer than 5 s."""
        servers = {"mongodb": lambda: self._notify(started_at), "temporal": self.greet_temporal}
        await asyncio.gather(*(self._reach(name, call) for name, call in servers.items() if call is not None))

    async def leave(self) -> None:
        """Take the report back, so that nobody counts this process any more."""
        with suppress(RelanceError, TimeoutError):
            async with asyncio.timeout(LEAVE_TIMEOUT):
                await self.workers.leave(worker_name())

    async def _notify(self, started_at: datetime) -> None:
        await self.workers.report(self._report(started_at))
        await self.take_share()

    def _report(self, started_at: datetime) -> WorkerReport:
        return WorkerReport(
            worker=worker_name(),
            role=self.role,
            rss_mb=round(rss_bytes() / MIB, 1),
            breakers={name: int(state) for name, state in self.breakers().items() if state},
            rests=tuple(self.rests()),
            started_at=started_at,
            at=self.clock.now(),
        )

    async def _reach(self, server: str, call: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                await call()
        except (RelanceError, TimeoutError) as error:
            logger.debug("%s was not reached: %s", server, type(error).__name__)
        else:
            self.liveness.answered(server)


def worker_name() -> str:
    """Return what this process is called among the workers: host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


def lately(every: timedelta) -> timedelta:
    """Return for how long the last report of a process stands for it."""
    return every * MISSED_REPORTS + timedelta(seconds=TIMEOUT)


@asynccontextmanager
async def reporting(reporter: Reporter) -> AsyncIterator[None]:
    """Report for as long as the block runs; the first report is made before it begins."""
    started_at = reporter.clock.now()
    await reporter.round(started_at)

    async def report() -> None:
        while True:
            await _until_due(reporter)
            await reporter.round(started_at)

    try:
        async with in_background(report()):
            yield
    finally:
        await reporter.leave()


async def _until_due(reporter: Reporter) -> None:
    """Wait until the next report is due: at its time, or as soon as another provider begins to rest."""
    loop = asyncio.get_running_loop()
    known, due = {rest.provider for rest in reporter.rests()}, loop.time() + reporter.every.total_seconds()
    # A provider's rest is no event: it begins in the middle of a mail, and no mail is to wait for it.
    while (ahead := due - loop.time()) > 0 and {rest.provider for rest in reporter.rests()} <= known:  # noqa: ASYNC110
        await asyncio.sleep(min(ahead, LOOK_EVERY))
