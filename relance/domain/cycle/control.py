"""The control of a cycle: its states, and which may follow which (SPEC C11)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from relance.domain.base import Document, Period, Utc
from relance.domain.cycle.planning import PlanStatus
from relance.domain.invitations.invitation import InvitationStatus


class ControlState(StrEnum):
    """What was decided about a cycle; the last two states are final."""

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
    """The current decision about a period's cycle, by whom and why; without a document the cycle runs.

    `at` also separates one stretch of running from the next: the error gate starts to count anew with it.
    """

    id: Period = Field(alias="_id")
    state: ControlState = ControlState.RUNNING
    reason: str = ""
    by: str = ""
    at: Utc | None = None


_OPEN_PLANS = (PlanStatus.PLANNED, PlanStatus.SENDING)
_UNSENT = (InvitationStatus.QUEUED, InvitationStatus.SENDING)

GIVEN_UP: Mapping[ControlState, Mapping[str, tuple[str, ...]]] = {
    ControlState.CANCELLED: {"plans": _OPEN_PLANS, "invitations": _UNSENT},
    ControlState.ROLLED_BACK: {
        "plans": (*_OPEN_PLANS, PlanStatus.DONE),
        "invitations": (*_UNSENT, InvitationStatus.SENT, InvitationStatus.OPENED),
    },
}
"""Per collection the statuses that become `cancelled`; an invitation that is being sent just now is waited for."""

CANCELLED = "cancelled"


class Compensation(Document):
    """One status that was taken back; written before the change, once per document and decision."""

    id: str = Field(alias="_id")
    period: Period
    decision: ControlState
    collection: str
    document_id: str
    previous: str
    new: str = CANCELLED
    by: str
    at: Utc


def compensation_id(decision: ControlState, collection: str, document: str) -> str:
    """Return the id of a compensation: doing it again makes no second one."""
    return f"{decision.value}/{collection}/{document}"
