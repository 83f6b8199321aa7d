"""Every id the system uses is built here, and here only; each is a pure function of its keys (SPEC section 1, C7)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

from relance.domain.invitation import MailKind
from relance.errors import InvalidInput

CONTACTS_PER_FOLLOW_UP = 100


class InvitationKey(NamedTuple):
    """The parts of an invitation id."""

    period: str
    user_id: str
    contact_id: str


_INVITATION = re.compile(r"^(\d{4}-(?:0[1-9]|1[0-2]))\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{1,64})$")


def plan_id(period: str, user_id: str) -> str:
    """Return the id of a user's plan in a period."""
    return f"{period}.{user_id}"


def invitation_id(period: str, user_id: str, contact_id: str) -> str:
    """Return the id of an invitation."""
    return f"{period}.{user_id}.{contact_id}"


def parse_invitation_id(text: str) -> InvitationKey:
    """Return the parts of an invitation id.

    Raises:
        InvalidInput: the text is no invitation id.
    """
    found = _INVITATION.match(text)
    if found is None:
        raise InvalidInput("INVITATION_ID", f"{text!r} is not an invitation id", "write PERIOD.USER.CONTACT")
    return InvitationKey(*found.groups())


def cycle_workflow_id(period: str) -> str:
    """Return the id of a period's MonthlyCycle."""
    return f"cycle/{period}"


def wave_workflow_id(period: str, instant: datetime) -> str:
    """Return the id of the SendWave of one instant."""
    return f"cycle/{period}/wave/{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def follow_up_workflow_id(period: str, user_id: str, part: int = 0) -> str:
    """Return the id of a user's FollowUp; contacts beyond the first hundred have parts of their own."""
    base = f"follow-up/{period}/{user_id}"
    return f"{base}/{part}" if part else base


def message_id(invitation: str, kind: MailKind, domain: str) -> str:
    """Return the Message-ID of a mail: the same whenever it is sent again (SPEC C8, X4)."""
    return f"<{invitation}.{kind}@{domain}>"
