"""A cycle at one moment: what its workflow says, what the ledger holds, and its control."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Protocol

from relance.contracts.control import ControlChange
from relance.contracts.cycle import CycleProgress, CycleStatistics
from relance.ports import Contacts, JobRuns, Ledger, Plans, Users
from relance.ports.unsent import UnsentUsers
from relance.services.cycle_statistics import balance_period

PROMPT_S = 1.0
"""A count of the ledger that takes longer is not waited for."""
LONG_S, RESTS = 0.1, 4
"""A count that takes longer is begun again after so many times its duration: watching takes no more of the database."""
TOTAL_EVERY_S = 5.0
"""How old the total may be: it changes with the plans, every hour."""
OVERDUE_S, OVERDUE = 5.0, 3
"""A count that takes longer, and longer than so many times the one before, is one that nobody answers."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a cycle now; `progress` is None when the workflow is gone or no worker answers.

    `total` are all outcomes there will be: the contacts noted on plans, and those of the users whose plans are open.
    """

    progress: CycleProgress | None
    ledger: CycleStatistics
    control: ControlChange
    total: int

    @property
    def settled(self) -> int:
        """How many entries have an outcome."""
        counts = self.ledger
        return counts.sent + self.skipped + self.failed + counts.uncertain + counts.cancelled

    @property
    def skipped(self) -> int:
        """How many were skipped, for whatever reason."""
        return sum(self.ledger.skipped.values())

    @property
    def failed(self) -> int:
        """How many failed, by whatever class."""
        return sum(self.ledger.failed.values())

    @property
    def known(self) -> bool:
        """Whether the database has anything of this period."""
        return bool(self.settled or self.ledger.open or self.ledger.plans_open or self.ledger.users_too_late)

    @property
    def sends(self) -> bool:
        """Whether mails are being sent now, so that a rate says something."""
        return self.progress is not None and bool(self.progress.current_waves) and not self.control.stops


class CycleData(Protocol):
    """The repositories that know how far a cycle is."""

    @property
    def users(self) -> Users:
        """The application's users."""

    @property
    def contacts(self) -> Contacts:
        """The application's contacts."""

    @property
    def plans(self) -> Plans:
        """The plans."""

    @property
    def unsent(self) -> UnsentUsers:
        """Who has a plan."""

    @property
    def ledger(self) -> Ledger:
        """The invitations."""

    @property
    def job_runs(self) -> JobRuns:
        """The stored reports."""


@dataclass
class LedgerCounts:
    """Counts the ledger of a period, and what is still to come into it; never twice at once."""

    database: CycleData
    period: str
    _counting: asyncio.Task[float] | None = None
    _began: float = 0.0
    _took: float = 0.0
    _counted: CycleStatistics | None = None
    _total: int = 0
    _plans_open: int = 0
    _total_at: float = field(default=float("-inf"))
    _count_at: float = 0.0

    @property
    def total(self) -> int:
        """All outcomes there will be, as of the last count."""
        return self._total

    @property
    def overdue(self) -> float | None:
        """The seconds without an answer of the database; None while one can still be expected."""
        if self._counting is None or self._counted is None:
            return None
        waited = time.monotonic() - self._began
        return waited if waited > max(OVERDUE_S, OVERDUE * self._took) else None

    async def newest(self, patience: float | None) -> CycleStatistics | None:
        """Return the newest count; with patience the one before, if this one takes longer or its time has not come.

        None if there is none yet.

        Raises:
            DependencyUnavailable: MongoDB.
        """
        rests = patience is not None and self._counted is not None and time.monotonic() < self._count_at
        if self._counting is None and not rests:
            self._began = time.monotonic()
            self._counting = asyncio.create_task(self._count())
        if self._counting is not None:
            counting = self._counting
            await asyncio.wait({counting}, timeout=patience)
            if counting.done():
                if self._counting is counting:
                    # Another who waited for it may have begun the next one.
                    self._counting = None
                self._took = counting.result()
                self._count_at = time.monotonic() + (RESTS * self._took if self._took > LONG_S else 0.0)
        return self._counted

    async def _count(self) -> float:
        began, plans = time.monotonic(), self.database.plans
        counted = await balance_period(self.database.ledger, plans, self.period)
        # Plans that were written since the last total add to it at once.
        if began - self._total_at > TOTAL_EVERY_S or counted.plans_open > self._plans_open:
            ahead = await self._ahead()
            if await plans.expected(self.period) == counted.eligible or not self._total:
                # Nothing was noted in between, which would count twice.
                self._total, self._total_at = counted.eligible + ahead, time.monotonic()
                self._plans_open = counted.plans_open
        self._counted = counted
        return time.monotonic() - began

    async def _ahead(self) -> int:
        """Count the contacts that have no entry yet: of plans whose turn has not come, and of users without a plan.

        The latter are entered with their reason when the cycle ends (SPEC C6).
        """
        stored = await self.database.job_runs.statistics(self.period)
        total = 0 if stored is not None and not stored.interim else await self._planless()
        async for users in self.database.plans.unnoted(self.period):
            total += await self.database.contacts.count_of_users(users)
        return total

    async def _planless(self) -> int:
        total = 0
        async for page in self.database.users.pages():
            user_ids = [user.id for user in page.items]
            planned = await self.database.unsent.endings(self.period, user_ids)
            if left := [user_id for user_id in user_ids if user_id not in planned]:
                total += await self.database.contacts.count_of_users(left)
        return total


def brought_up(ledger: CycleStatistics, progress: CycleProgress | None) -> CycleStatistics:
    """Return a count that may be old with what the workflow says was sent since."""
    since = max(0, progress.counts.sent - ledger.sent) if progress is not None else 0
    # No more than there is: what was counted elsewhere meanwhile must not be counted twice.
    return ledger.model_copy(update={"sent": ledger.sent + since, "open": max(0, ledger.open - since)})
