"""The ledger and the workflows side by side, page by page (SPEC R8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from relance.contracts.control import ControlChange
from relance.contracts.follow_up import FollowUpInput
from relance.domain.cycle.planning import PlanStatus


@dataclass(frozen=True, slots=True)
class ReconcileRow:
    """A user of a period: his plan, how many invitations have something ahead, how many mails are overdue or due.

    `contacts` is None as long as his batch has not found any.
    """

    user_id: str
    plan: PlanStatus
    instant: datetime
    contacts: int | None
    ahead: int
    overdue: int
    due: int = 0


class ReconcileRows(Protocol):
    """The users of a period, with what the ledger says is still to come."""

    async def periods(self) -> list[str]:
        """Return the periods that have plans, in order."""

    async def page(
        self, period: str, after: str | None, size: int, *, at: datetime, late_since: datetime
    ) -> list[ReconcileRow]:
        """Return the next users of a period, in order of id; the figures are a first sight, not a decision."""

    async def sent_between(self, period: str, since: datetime, until: datetime) -> int:
        """Count the invitations of a period that were sent in `since <= t < until`."""


class FollowUpWatch(Protocol):
    """Starts follow-up workflows that are missing."""

    async def running_among(self, follow_ups: Sequence[str]) -> set[str]:
        """Return those of these workflow ids that run now."""

    async def wake(self, follow_up: str) -> bool:
        """Have a follow-up look again at what it holds, by its workflow id; return False if it does not run."""

    async def revive(self, follow_up: FollowUpInput) -> None:
        """Start a follow-up, also one that has ended, or signal the remaining steps to the running one."""


class CycleWatch(Protocol):
    """Says whether the workflow of a cycle runs."""

    async def runs(self, period: str) -> bool:
        """Return whether a period's cycle runs now."""


class CycleCorrection(CycleWatch, Protocol):
    """Compares the stored control with what the cycles' workflows know."""

    async def correct(self, period: str, truth: ControlChange) -> bool:
        """Signal the stored control to a running cycle that does not know it; return whether it was signalled."""
