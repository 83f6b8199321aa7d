"""Users, contacts and invitations for the tests of the domain; every field may be given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from relance.domain.cycle.planning import Plan
from relance.domain.invitations.invitation import DueAt, Invitation, InvitationStatus
from relance.domain.invitations.people import Contact, ContactStatus, User

SENT_AT = datetime(2026, 11, 5, 17, 0, tzinfo=UTC)
DUE = DueAt(first=SENT_AT + timedelta(days=3), second=SENT_AT + timedelta(days=7), expiry=SENT_AT + timedelta(days=30))


def a_user(**fields: Any) -> User:
    return User(**{"id": "u1", "name": "Ada Lovelace", "email": "ada@users.example", **fields})


def a_contact(**fields: Any) -> Contact:
    standard = {
        "id": "c1",
        "user_id": "u1",
        "name": "Blaise Pascal",
        "email": "blaise@contacts.example",
        "status": ContactStatus.ACTIVE,
    }
    return Contact(**{**standard, **fields})


def an_invitation(status: InvitationStatus = InvitationStatus.SENT, **fields: Any) -> Invitation:
    standard = {
        "id": "2026-11.u1.c1",
        "period": "2026-11",
        "user_id": "u1",
        "contact_id": "c1",
        "queued_at": SENT_AT - timedelta(seconds=1),
        "status": status,
    }
    was_sent = {"sent_at": SENT_AT, "due_at": DUE, "attempts": 1, "message_id": "<m@x.example>"}
    return Invitation(**{**standard, **(was_sent if status in {"sent", "opened"} else {}), **fields})


def a_plan(**fields: Any) -> Plan:
    standard = {
        "id": "2026-11.u1",
        "period": "2026-11",
        "user_id": "u1",
        "instant": SENT_AT,
        "local": "2026-11-05T18:00",
        "zone": "Europe/Paris",
        "updated_at": SENT_AT - timedelta(days=11),
    }
    return Plan(**{**standard, **fields})
