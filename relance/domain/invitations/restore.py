"""A restored database: mails that went out after the backup are not recorded in it (SPEC I1, I2)."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from relance.domain.base import Document, Utc
from relance.domain.invitations.invitation import Doubt, Invitation, MailKind


class Restore(Document):
    """The database was put back at `at` to its state of `since`."""

    id: str = Field("last", alias="_id")
    since: Utc
    at: Utc


def doubt_after(restore: Restore | None, invitation: Invitation, kind: MailKind, planned: datetime) -> Doubt | None:
    """Return the doubt about a mail that was due before a restore, and of which the database knows nothing.

    None for a mail that is on record, was due later, or was doubted for this restore before.
    """
    if restore is None or _due(invitation, kind, planned) > restore.at or _is_recorded(invitation, kind):
        return None
    if any(doubt.kind is kind and doubt.since == restore.since for doubt in invitation.doubts):
        return None
    return Doubt(kind=kind, since=restore.since, restored=True)


def _due(invitation: Invitation, kind: MailKind, planned: datetime) -> datetime:
    due = invitation.due_at
    if due is None or kind not in {MailKind.FIRST, MailKind.SECOND}:
        return planned
    return due.first if kind is MailKind.FIRST else due.second


def _is_recorded(invitation: Invitation, kind: MailKind) -> bool:
    if kind is MailKind.INVITATION:
        return invitation.sent_at is not None
    if any(reminder.type is kind for reminder in invitation.reminders):
        return True
    return any(skip.type is kind for skip in invitation.reminder_skips)
