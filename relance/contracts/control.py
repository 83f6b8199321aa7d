"""The signals that control running cycles (SPEC C11)."""

from __future__ import annotations

from relance.domain.base import Utc, Wire
from relance.domain.cycle.control import Control, ControlState


class ControlChange(Wire):
    """The signal `control`, and the answer of the database: the current control of the cycle; `by` is an operator."""

    state: ControlState = ControlState.RUNNING
    reason: str = ""
    by: str = ""
    at: Utc | None = None

    @classmethod
    def of(cls, control: Control) -> ControlChange:
        """Return what travels of a stored control."""
        return cls(state=control.state, reason=control.reason, by=control.by, at=control.at)

    @property
    def paused(self) -> bool:
        """Whether nothing may be begun for now."""
        return self.state is ControlState.PAUSED

    @property
    def stops(self) -> bool:
        """Whether no mail may be begun, for now or for good."""
        return self.state is not ControlState.RUNNING

    @property
    def words(self) -> str:
        """What a person reads: `paused by ann: the relay moves house`; nothing while the cycle runs."""
        if not self.stops:
            return ""
        return f"{self.state.value.replace('_', ' ')} by {self.by}" + (f": {self.reason}" if self.reason else "")

    def newer_than(self, other: ControlChange) -> bool:
        """Return whether this was said after `other`; signals and look-ups may overtake each other."""
        return self.at is not None and (other.at is None or self.at > other.at)
