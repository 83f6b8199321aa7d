"""What is given up when a cycle is cancelled or rolled back, and the record of each change (SPEC C11).

Facts stay: who answered, opted out, bounced, was skipped, and that a mail was sent (`sentAt` is kept). So do the
statuses of contacts: a mailbox that does not exist is no fault of the cycle that found it out.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from relance.domain.base import Document, Period, Utc
from relance.domain.control import ControlState
from relance.domain.invitation import InvitationStatus
from relance.domain.plan import PlanStatus

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
