"""What cycles are told while they run: the stored truth, and the workflows that hear of it."""

from __future__ import annotations

from typing import Protocol

from relance.contracts.control import ControlChange
from relance.domain.control import Control
from relance.domain.error_gate import GateState


class Controls(Protocol):
    """What each period's cycle was told last."""

    async def get(self, period: str) -> Control:
        """Return what the cycle was told last; it runs if nobody told it anything."""

    async def change(self, wanted: Control) -> tuple[Control, bool]:
        """Tell a cycle something by compare-and-set; return what holds now, and whether this call changed it.

        What may not follow the stored state (`domain.control.TRANSITIONS`) changes nothing.
        """


class Cycles(Protocol):
    """The workflows of the cycles."""

    async def tell(self, period: str, change: ControlChange) -> bool:
        """Signal a period's cycle; return False if it does not run."""

    async def wake_follow_ups(self, period: str) -> None:
        """Start what wakes the follow-ups that a pause has held; one that runs already begins anew."""


class ErrorGates(Protocol):
    """What all worker processes know of the results of a cycle, by stretch (`domain.error_gate.stretch_id`)."""

    async def get(self, stretch: str) -> GateState:
        """Return the state of a stretch; version 0 if nobody has told anything."""

    async def replace(self, state: GateState) -> bool:
        """Write a state by compare-and-set: only after the version before it. Return whether it was written."""
