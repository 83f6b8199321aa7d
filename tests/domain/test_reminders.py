from __future__ import annotations

import itertools
from typing import Any

import pytest

from relance.domain.eligibility import Refusal
from relance.domain.invitation import Invitation, InvitationStatus, MailKind, Reminder, ReminderSkip
from relance.domain.people import Contact, ContactStatus, ReminderSettings, User
from relance.domain.reminders import ReminderRefusal, reminder_refusal
from tests.domain.people import SENT_AT, a_contact, a_user, an_invitation

R = ReminderRefusal
KINDS = (MailKind.FIRST, MailKind.SECOND)


def refusal(
    kind: MailKind = MailKind.FIRST,
    invitation: Invitation | None = None,
    user: User | None = a_user(),  # noqa: B008
    contact: Contact | None = a_contact(),  # noqa: B008
    suppressed: bool = False,
) -> ReminderRefusal | None:
    return reminder_refusal(kind, invitation or an_invitation(), user, contact, suppressed=suppressed)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [InvitationStatus.SENT, InvitationStatus.OPENED])
def test_a_sent_invitation_without_an_answer_is_reminded(kind: MailKind, status: InvitationStatus) -> None:
    assert refusal(kind, an_invitation(status)) is None


@pytest.mark.parametrize(
    ("status", "expected", "final"),
    [
        ("queued", R.NOT_SENT_YET, False),
        ("sending", R.NOT_SENT_YET, False),
        ("submitted", R.SUBMITTED, True),
        ("expired", R.EXPIRED, True),
        ("failed", R.INVITATION_FAILED, True),
        ("bounced", R.INVITATION_BOUNCED, True),
        ("cancelled", R.INVITATION_CANCELLED, True),
        ("skipped", R.INVITATION_SKIPPED, True),
        ("uncertain", R.INVITATION_UNCERTAIN, False),
    ],
)
def test_any_other_status_of_the_invitation_refuses(status: str, expected: ReminderRefusal, final: bool) -> None:
    found = refusal(invitation=an_invitation(InvitationStatus(status)))
    assert found is expected
    assert expected.final is final


@pytest.mark.parametrize(
    ("change", "expected", "final"),
    [
        ({"user": None}, R.USER_MISSING, False),
        ({"user": a_user(status="inactive")}, R.USER_INACTIVE, False),
        ({"contact": None}, R.CONTACT_MISSING, False),
        ({"contact": a_contact(status="pending")}, R.CONTACT_PENDING, False),
        ({"contact": a_contact(status="opted_out")}, R.CONTACT_OPTED_OUT, True),
        ({"contact": a_contact(status="bounced")}, R.CONTACT_BOUNCED, True),
        ({"contact": a_contact(status="blocked")}, R.CONTACT_BLOCKED, True),
        ({"contact": a_contact(email="nobody")}, R.ADDRESS_INVALID, False),
        ({"suppressed": True}, R.SUPPRESSED, True),
    ],
)
def test_users_and_contacts_are_looked_at_again(change: dict[str, Any], expected: ReminderRefusal, final: bool) -> None:
    assert refusal(**change) is expected
    assert expected.final is final


@pytest.mark.parametrize(
    ("settings", "first", "second"),
    [
        (ReminderSettings(), None, None),
        (ReminderSettings(enabled=False), R.REMINDERS_OFF, R.REMINDERS_OFF),
        (ReminderSettings(first=False), R.THIS_REMINDER_OFF, None),
        (ReminderSettings(second=False), None, R.THIS_REMINDER_OFF),
    ],
)
def test_the_users_settings_count_for_each_reminder_and_may_change_back(
    settings: ReminderSettings, first: ReminderRefusal | None, second: ReminderRefusal | None
) -> None:
    user = a_user(reminder_settings=settings)
    assert (refusal(MailKind.FIRST, user=user), refusal(MailKind.SECOND, user=user)) == (first, second)
    assert not R.REMINDERS_OFF.final
    assert not R.THIS_REMINDER_OFF.final


@pytest.mark.parametrize(("kind", "other"), [KINDS, KINDS[::-1]])
def test_each_reminder_goes_out_or_is_decided_once(kind: MailKind, other: MailKind) -> None:
    sent = an_invitation(reminders=(Reminder(type=kind, sent_at=SENT_AT, message_id="<r@x.example>"),))
    skipped = an_invitation(reminder_skips=(ReminderSkip(type=kind, reason="reminders_off", at=SENT_AT),))
    assert (refusal(kind, sent), refusal(other, sent)) == (R.ALREADY_SENT, None)
    assert (refusal(kind, skipped), refusal(other, skipped)) == (R.ALREADY_DECIDED, None)
    assert not R.ALREADY_SENT.final
    assert not R.ALREADY_DECIDED.final


def test_what_ends_the_invitation_shows_even_if_the_reminder_was_decided() -> None:
    skipped = an_invitation(reminder_skips=(ReminderSkip(type=MailKind.FIRST, reason="reminders_off", at=SENT_AT),))
    assert refusal(invitation=skipped, contact=a_contact(status="opted_out")) is R.CONTACT_OPTED_OUT
    assert refusal(invitation=skipped, user=a_user(status="inactive")) is R.ALREADY_DECIDED


def test_every_refusal_of_an_invitation_but_duplicates_is_one_of_a_reminder() -> None:
    values = {one.value for one in ReminderRefusal}
    assert {one.value for one in Refusal} - values == {Refusal.DUPLICATE_ADDRESS.value}


def test_of_all_combinations_only_the_allowed_ones_are_reminded() -> None:
    settings = [ReminderSettings(enabled=on, first=first) for on in (True, False) for first in (True, False)]
    for status, contact_status, user_status, setting, suppressed in itertools.product(
        InvitationStatus, ContactStatus, ("active", "inactive"), settings, (True, False)
    ):
        found = refusal(
            MailKind.FIRST,
            an_invitation(status),
            a_user(status=user_status, reminder_settings=setting),
            a_contact(status=contact_status),
            suppressed,
        )
        allowed = (
            status in {"sent", "opened"}
            and contact_status == "active"
            and user_status == "active"
            and setting.enabled
            and setting.first
            and not suppressed
        )
        assert (found is None) == allowed


def test_an_invitation_is_no_reminder() -> None:
    with pytest.raises(KeyError):
        refusal(MailKind.INVITATION)
