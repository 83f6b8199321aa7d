"""Which mails a restore of the database puts in doubt (SPEC I2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from relance.domain.invitations.invitation import (
    Doubt,
    DueAt,
    Invitation,
    InvitationStatus,
    MailKind,
    Reminder,
    ReminderSkip,
    Verdict,
)
from relance.domain.invitations.restore import Restore, doubt_after

SENT_AT = datetime(2026, 11, 5, 17, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST, SECOND = SENT_AT + 3 * DAY, SENT_AT + 7 * DAY
DUE = DueAt(first=FIRST, second=SECOND, expiry=SENT_AT + 30 * DAY)
RESTORE = Restore(since=FIRST - DAY, at=FIRST + DAY)
DOUBT = Doubt(kind=MailKind.FIRST, since=RESTORE.since, restored=True)


def sent(**fields: object) -> Invitation:
    return Invitation.model_validate(
        {
            "id": "2026-11.u1.c1",
            "period": "2026-11",
            "user_id": "u1",
            "contact_id": "c1",
            "status": InvitationStatus.SENT,
            "sent_at": SENT_AT,
            "due_at": DUE,
            "queued_at": SENT_AT,
            **fields,
        }
    )


UNSENT = sent(status=InvitationStatus.QUEUED, sent_at=None, due_at=None)


def doubt(invitation: Invitation, kind: MailKind, restore: Restore | None = RESTORE) -> Doubt | None:
    return doubt_after(restore, invitation, kind, SENT_AT)


def test_without_a_restore_nothing_is_in_doubt() -> None:
    assert doubt(UNSENT, MailKind.INVITATION, None) is None


def test_what_was_due_before_the_restore_and_is_not_on_record_is_in_doubt_since_the_backup() -> None:
    assert doubt(UNSENT, MailKind.INVITATION) == Doubt(kind=MailKind.INVITATION, since=RESTORE.since, restored=True)
    assert doubt(sent(), MailKind.FIRST) == DOUBT


def test_a_reminder_is_due_at_its_own_instant_and_not_at_that_of_the_invitation() -> None:
    assert doubt(sent(), MailKind.SECOND) is None
    assert doubt(sent(), MailKind.SECOND, Restore(since=SENT_AT, at=SECOND)) is not None


@pytest.mark.parametrize(
    ("invitation", "kind"),
    [
        (sent(), MailKind.INVITATION),
        (sent(reminders=(Reminder(type=MailKind.FIRST, sent_at=FIRST, message_id="<m@x>"),)), MailKind.FIRST),
        (sent(reminder_skips=(ReminderSkip(type=MailKind.FIRST, reason="submitted", at=FIRST),)), MailKind.FIRST),
    ],
)
def test_what_is_on_record_is_not(invitation: Invitation, kind: MailKind) -> None:
    assert doubt(invitation, kind) is None


def test_a_mail_is_doubted_once_for_each_restore() -> None:
    settled = DOUBT.model_copy(update={"verdict": Verdict.ABSENT})
    earlier = Doubt(kind=MailKind.FIRST, since=SENT_AT, verdict=Verdict.ABSENT)
    assert doubt(sent(doubts=(settled,)), MailKind.FIRST) is None
    assert doubt(sent(doubts=(earlier,)), MailKind.FIRST) == DOUBT
