"""Opt-outs by the link of a mail: of whom, how far they reach, and until when they can be taken back (SPEC G2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from relance.domain.base import Document, Utc
from relance.domain.invitations.people import ContactStatus

UNDO_WITHIN = timedelta(days=30)


class OptOutScope(StrEnum):
    """Whose invitations stop: those of one user, or everybody's."""

    SENDER = "sender"
    EVERYONE = "everyone"


class OptOutWay(StrEnum):
    """How an opt-out came in: a mailbox provider's button (RFC 8058), a person on our page, a mail to us or
    a report that says so."""

    ONE_CLICK = "one_click"
    PAGE = "page"
    MAIL = "mail"


class OptOut(Document):
    """An opt-out by the link of an invitation; `contact_was` is the status that ended with it, None if none did.

    `at` is also the instant of the event, by which everything it wrote is found again.
    """

    scope: OptOutScope
    way: OptOutWay
    at: Utc
    contact_was: ContactStatus | None = None
    undone_at: Utc | None = None
    undone_by: OptOutWay | None = None

    def may_be_undone(self, now: datetime) -> bool:
        """Return whether its page still offers to take it back."""
        return self.undone_at is None and self.at <= now + timedelta(minutes=5) and now - self.at <= UNDO_WITHIN


class OptOutStatus(StrEnum):
    """Which mails still reach a contact after its opt-outs."""

    WRITTEN_TO = "written_to"
    NOT_BY_SENDER = "not_by_sender"
    BY_NOBODY = "by_nobody"
