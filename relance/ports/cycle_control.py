"""The control of cycles: the stored decision, the workflows it is signalled to, and the recorded compensations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from relance.contracts.control import ControlChange
from relance.contracts.cycle import BatchInput, MailCounts
from relance.domain.cycle.control import Control, ControlState
from relance.domain.cycle.error_gate import GateState
from relance.domain.invitations.restore import Restore


class Controls(Protocol):
    """The current control of each period's cycle."""

    async def get(self, period: str) -> Control:
        """Return the current control of the cycle; it runs if no control is stored."""

    async def change(self, wanted: Control) -> tuple[Control, bool]:
        """Store a control by compare-and-set; return the current control, and whether this call changed it.

        What may not follow the stored state (`domain.control.TRANSITIONS`) changes nothing.
        """


class Cycles(Protocol):
    """The workflows of the cycles."""

    async def notify(self, period: str, change: ControlChange) -> bool:
        """Signal a period's cycle; return False if it does not run."""

    async def wake_follow_ups(self, period: str) -> None:
        """Start what wakes the follow-ups that a pause has held; one that runs already begins anew."""


class ErrorGates(Protocol):
    """What all worker processes know of the results of a cycle, by stretch (`domain.error_gate.stretch_id`)."""

    async def get(self, stretch: str) -> GateState:
        """Return the state of a stretch; version 0 if nothing is stored."""

    async def replace(self, state: GateState) -> bool:
        """Write a state by compare-and-set: only after the version before it. Return whether it was written."""


class Compensations(Protocol):
    """Takes back what a cycle has changed in our collections; `changes` are named `<collection>.<status before>`."""

    async def survey(self, period: str, decision: ControlState) -> Mapping[str, int]:
        """Return what a decision would change now, without changing anything."""

    async def apply(self, control: Control, at: datetime) -> int:
        """Give up what the decision gives up, each change with its record first; return how many were made now."""

    async def applied(self, period: str, decision: ControlState) -> Mapping[str, int]:
        """Return what was changed for a decision, over all attempts."""

    async def in_flight(self, period: str) -> int:
        """Count the invitations a mail of which is being sent: they cannot be taken back yet."""

    async def users(self, period: str, after: str | None, size: int) -> list[str]:
        """Return the next users the period has plans for, in order of id."""

    async def reached(self, period: str, after: str, size: int) -> list[str]:
        """Return the next ids of the invitations that arrived or may have, after one of them, in order."""

    async def count_reached(self, period: str) -> int:
        """Count the invitations that arrived or may have."""


class ProgressNotes(Protocol):
    """What a wave and its cycle hear of batches under way, for those who ask them."""

    async def note(self, batch: BatchInput, counts: MailCounts) -> None:
        """Have both hear how far a batch is; who does not answer hears the next."""


class Restores(Protocol):
    """The last restore of the database."""

    async def last(self) -> Restore | None:
        """Return the last restore; None if there was none."""

    async def record(self, restore: Restore) -> None:
        """Record a restore; it takes the place of the one before."""
