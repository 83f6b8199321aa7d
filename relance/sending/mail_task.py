"""What is to be sent: one mail, and how a set of mails is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from relance.domain.invitations.invitation import Invitation, MailKind
from relance.domain.invitations.people import Contact, User
from relance.domain.invitations.reminders import REMINDERS, due_instant
from relance.ports import Refused, Result
from relance.sending.gate import OPEN_GATE, SendGate


@dataclass(frozen=True, slots=True)
class MailTask:
    """One mail to send: whose, to whom, which; `tries` counts the attempts before this one.

    `planned` is the instant it should have left; `zone` is the user's, for the reminders' instants.
    """

    invitation: Invitation
    kind: MailKind
    user: User
    contact: Contact
    tries: int
    planned: datetime
    zone: str
    expiry_days: int

    @property
    def due(self) -> datetime:
        """The instant it was to leave: of a reminder that of its own step."""
        return (due_instant(self.kind, self.invitation) if self.kind in REMINDERS else None) or self.planned


@dataclass(frozen=True, slots=True)
class SendOptions:
    """How a set of jobs is to be sent: by whom, since when, over how many connections, until when, past which gate.

    `connect_by`, in the loop's time: who has no connection by then does without one, and leaves its jobs.
    """

    token: str
    at: datetime
    lanes: int
    stop: Callable[[], bool]
    gate: SendGate = OPEN_GATE
    connect_by: float | None = None


Outcome: TypeAlias = Result | Refused
