"""When a message came to the mail server in front of us: what it waited there is the lag of the intake."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

from relance.domain.intake.parts import header


def arrived_at(message: Message | None) -> datetime | None:
    """Return the time of the newest `Received` field, which that server wrote; None if it names none.

    RFC 5321 section 4.4: the newest is the first, and its time stands behind the last semicolon.
    """
    _, semicolon, date = header(message, "Received").rpartition(";") if message is not None else ("", "", "")
    if not semicolon:
        return None
    try:
        found = parsedate_to_datetime(date.strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # `-0000` says that it is UTC, and nothing about the place (RFC 5322 section 3.3).
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
