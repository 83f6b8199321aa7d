"""Who stopped a cycle, and what may follow: the states of a period's control (SPEC C11)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from relance.domain.base import Document, Period, Utc


class ControlState(StrEnum):
    """What a cycle is told to do; the last two are for good."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    ROLLED_BACK = "rolled_back"

    @property
    def final(self) -> bool:
        """Whether the cycle never goes on."""
        return self in {ControlState.CANCELLED, ControlState.ROLLED_BACK}

    @property
    def reason(self) -> str:
        """The code that entries and plans carry which were given up for it."""
        return f"cycle_{self.value}"


_S = ControlState

TRANSITIONS: dict[ControlState, frozenset[ControlState]] = {
    _S.RUNNING: frozenset({_S.PAUSED, _S.CANCELLED, _S.ROLLED_BACK}),
    _S.PAUSED: frozenset({_S.RUNNING, _S.CANCELLED, _S.ROLLED_BACK}),
    _S.CANCELLED: frozenset({_S.ROLLED_BACK}),
    _S.ROLLED_BACK: frozenset(),
}
"""What may follow a state; to say the same twice changes nothing."""


def may_follow(old: ControlState, new: ControlState) -> bool:
    """Tell whether a cycle may be told `new` after `old`."""
    return new in TRANSITIONS[old]


def states_before(new: ControlState) -> list[ControlState]:
    """Return the states from which `new` may be reached: the filter of its compare-and-set."""
    return [old for old, following in TRANSITIONS.items() if new in following]


VERBS: dict[ControlState, str] = {
    _S.RUNNING: "going on",
    _S.PAUSED: "paused",
    _S.CANCELLED: "cancelled",
    _S.ROLLED_BACK: "rolled back",
}
"""What people read of a state."""


class Control(Document):
    """What a period's cycle was told last, by whom and why; without a document it runs.

    `at` also tells one stretch of running from the next: whoever counts errors begins anew with it.
    """

    id: Period = Field(alias="_id")
    state: ControlState = ControlState.RUNNING
    reason: str = ""
    by: str = ""
    at: Utc | None = None
