"""Plain people with readable ids, for tests that speak about single contacts."""

from __future__ import annotations

from typing import Any

from relance import ids

PERIOD = "2026-11"
Documents = list[dict[str, Any]]


def people(users: int, contacts: int) -> tuple[Documents, Documents]:
    """Return active users `u0`, `u1`, ... with active contacts `u0c0`, `u0c1`, ..."""
    user_documents = [
        {"_id": f"u{user}", "name": f"User {user}", "email": f"u{user}@users.example", "status": "active"}
        for user in range(users)
    ]
    contact_documents = [
        {
            "_id": f"u{user}c{contact}",
            "userId": f"u{user}",
            "name": f"Contact {contact}",
            "email": address(user, contact),
            "status": "active",
        }
        for user in range(users)
        for contact in range(contacts)
    ]
    return user_documents, contact_documents


def address(user: int, contact: int) -> str:
    """Return a contact's address."""
    return f"u{user}c{contact}@people.example"


def invitation(user: int, contact: int) -> str:
    """Return the id of a contact's invitation."""
    return ids.invitation_id(PERIOD, f"u{user}", f"u{user}c{contact}")
