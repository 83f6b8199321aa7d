"""Users and contacts who are all written to: every contact is one mail."""

from __future__ import annotations

from typing import Any

from relance import ids
from relance.domain.invitations.invitation import MailKind
from relance.ports import MessageIds, OutgoingMail

Documents = list[dict[str, Any]]
DOMAINS = 7


def plain_people(users: int, contacts: int) -> tuple[Documents, Documents]:
    """Return user and contact documents; recipients are spread over a few domains."""
    user_documents = [
        {
            "_id": f"u{user:06d}",
            "name": f"Élodie Bernard {user}",
            "email": f"user{user}@example.com",
            "status": "active",
            "locale": "fr" if user % 5 else "en",
        }
        for user in range(users)
    ]
    contact_documents = [
        {
            "_id": f"c{user:06d}-{contact:02d}",
            "userId": f"u{user:06d}",
            "name": f"Zoé Martin {contact}",
            "email": f"contact{user}.{contact}@d{(user + contact) % DOMAINS}.example.net",
            "status": "active",
        }
        for user in range(users)
        for contact in range(contacts)
    ]
    return user_documents, contact_documents


def letter_to(
    period: str, user: dict[str, Any], contact: dict[str, Any], date: Any, message_ids: MessageIds
) -> OutgoingMail:
    """Return the invitation the worker would write."""
    invitation = ids.invitation_id(period, user["_id"], contact["_id"])
    return OutgoingMail(
        invitation_id=invitation,
        kind=MailKind.INVITATION,
        message_id=message_ids.of(invitation, MailKind.INVITATION),
        to_address=contact["email"],
        to_name=contact["name"],
        sender_name=user["name"],
        locale=user["locale"],
        date=date,
    )
