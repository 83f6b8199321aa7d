"""Signals what the outbox holds to follow-ups and cycles: at once, and again until it has worked (SPEC G1).

What this process has just written is signalled from memory. What a dead process left, or Temporal did not take, is
found in the database. A signal that is sent twice counts once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from relance.concurrency import in_background
from relance.contracts.follow_up import InvitationEvent
from relance.domain.cycle.send_times import current_period, next_period
from relance.errors import DependencyUnavailable, RelanceError
from relance.ids import parse_invitation_id
from relance.ports import Clock, FollowUps, Lag, Outbox
from relance.ports.ledger import FollowUpParts

AT_ONCE = 4
"""Signals in flight: faster than one after the other, and most of this process is left for those who wait for it."""
PAGE = 500
FRESH_PAGE = 50
GIVE_WAY_S = 0.02
"""Between two signals of each that is in flight while events come in: Temporal's work takes the cores from callers."""
CROWD = 4_000
"""Notices in memory with which nobody is given way to any more; the fewer there are, the longer."""
QUIET_S = 0.1
"""After so long without an event nobody waits for an answer."""
REMEMBERED = 5_000
"""Notices of this process kept in memory; the others are found in the outbox."""
SETTLED = timedelta(seconds=10)
"""Age of a notice from which another process than the one that wrote it takes it up."""
SWEEP_S = 5.0
LONGEST_PAUSE_S = 60.0
ZONES_APART = timedelta(hours=26)
"""From UTC-12 to UTC+14."""
REPLAN_APART_S = 30.0
"""A planning pass reads all users: many changes within this time share one."""

logger = logging.getLogger(__name__)


@dataclass
class Notifier:
    """Notifies follow-ups of events, and cycles of changed preferences.

    `parts` says how many follow-ups a user has. `replan` signals one period's cycle; the current period is that of
    `zone`; `show` gets the lag of the outbox after each look.
    """

    outbox: Outbox
    follow_ups: FollowUps
    parts: FollowUpParts
    replan: Callable[[str], Awaitable[bool]]
    clock: Clock
    zone: str
    show: Callable[[Lag, datetime], None] = lambda _lag, _at: None
    _fresh: deque[InvitationEvent] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _more: asyncio.Event = field(default_factory=asyncio.Event)
    _away: bool = False
    _said: str | None = None
    _heard_at: float = float("-inf")
    _replanned_at: float = float("-inf")

    def notify(self, events: Sequence[InvitationEvent]) -> None:
        """Take up what was just written to the outbox; nobody waits for it."""
        self._heard_at = time.monotonic()
        if events and not self._away:
            self._fresh.extend(events)
            self._more.set()

    async def sweep(self) -> None:
        """Signal everything in the outbox that has been there for a while, and ask for new plans.

        Raises:
            DependencyUnavailable: Temporal or the database; the rest stays where it is.
        """
        after: datetime | None = None
        before = self.clock.now() - SETTLED
        while page := await self.outbox.pending(after, before, PAGE):
            await self._signal([item.event for item in page])
            after = page[-1].since
        await self._ask_for_plans()

    async def run(self) -> None:
        """Go on for ever: at once with what is new, every few seconds with the rest, less often while it fails."""
        await asyncio.gather(self._run_fresh(), self._run_sweeps())

    async def _run_fresh(self) -> None:
        while True:
            await self._more.wait()
            some = [self._fresh.popleft() for _ in range(min(len(self._fresh), FRESH_PAGE))]
            if not some:
                self._more.clear()
                continue
            try:
                await self._signal(some, self._rest)
            except Exception as problem:  # noqa: BLE001 - as below
                # They are in the outbox: the sweep finds out when it works again.
                self._put_off(problem)
                self._fresh.clear()

    async def _run_sweeps(self) -> None:
        pause = SWEEP_S
        while True:
            await asyncio.sleep(pause)
            try:
                await self.sweep()
                if self._away:
                    self._away, self._said = False, None
                pause = SWEEP_S
            except Exception as problem:  # noqa: BLE001 - whatever it is, the notices wait in the outbox
                self._put_off(problem)
                pause = min(pause * 2, LONGEST_PAUSE_S)
            # What cannot be counted now is counted at the next look.
            with suppress(Exception):
                self.show(await self.outbox.lag(), self.clock.now())

    def _put_off(self, problem: Exception) -> None:
        self._say(problem)
        self._away = True

    def _say(self, problem: Exception) -> None:
        # The text of an error that is not ours may quote a document.
        what = str(problem) if isinstance(problem, RelanceError) else type(problem).__name__
        if what != self._said:
            logger.warning("follow-ups are notified later: %s", what)
        self._said = what

    def _rest(self) -> float:
        """Return for how many seconds those go first who wait for an answer."""
        if time.monotonic() - self._heard_at > QUIET_S:
            return 0.0
        return GIVE_WAY_S * max(1 - len(self._fresh) / CROWD, 0.0)

    async def _signal(self, events: Sequence[InvitationEvent], rest: Callable[[], float] = lambda: 0.0) -> None:
        """Signal each, with a rest in between; take away those that worked, then raise the first trouble."""
        queue, done, troubles = deque(events), list[InvitationEvent](), list[DependencyUnavailable]()
        parts = await self._parts(events)

        async def some() -> None:
            while queue and not troubles:
                event = queue.popleft()
                try:
                    key = parse_invitation_id(event.invitation_id)
                    await self.follow_ups.notify(event, parts=parts.get((key.period, key.user_id)))
                except DependencyUnavailable as problem:
                    troubles.append(problem)
                except Exception as problem:  # noqa: BLE001 - of this notice alone: it holds no other up
                    self._say(problem)
                else:
                    done.append(event)
                await asyncio.sleep(rest())

        await asyncio.gather(*(some() for _ in range(min(AT_ONCE, len(queue)))))
        await self.outbox.done(done)
        if troubles:
            raise troubles[0]

    async def _parts(self, events: Sequence[InvitationEvent]) -> dict[tuple[str, str], int]:
        by_period: dict[str, set[str]] = {}
        for event in events:
            key = parse_invitation_id(event.invitation_id)
            by_period.setdefault(key.period, set()).add(key.user_id)
        return {
            (period, user): count
            for period, users in by_period.items()
            for user, count in (await self.parts.parts(period, sorted(users))).items()
        }

    async def _ask_for_plans(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._replanned_at < REPLAN_APART_S or not (asked := await self.outbox.replan_asked()):
            return
        # Users in zones far behind ours are in the month before for up to a day.
        month = current_period(self.clock.now(), self.zone)
        earliest = current_period(self.clock.now() - ZONES_APART, self.zone)
        for period in dict.fromkeys([earliest, month, next_period(month)]):
            await self.replan(period)
        self._replanned_at = now
        await self.outbox.replanned(asked)


@asynccontextmanager
async def notifying(notifier: Notifier) -> AsyncIterator[None]:
    """Notify for as long as the block runs."""
    async with in_background(notifier.run()):
        yield
