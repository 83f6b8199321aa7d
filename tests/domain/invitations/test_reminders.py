from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.cycle.send_times import due_at
from relance.domain.invitations.eligibility import OF_INVITATIONS_ONLY, Refusal
from relance.domain.invitations.invitation import DueAt, Invitation, InvitationStatus, MailKind, Reminder, ReminderSkip
from relance.domain.invitations.people import Contact, ContactStatus, ReminderSettings, User
from relance.domain.invitations.reminders import (
    DEFAULT_TIMING,
    ReminderRefusal,
    ReminderTiming,
    is_undecided,
    next_mail_at,
    reminder_refusal,
)
from tests.support.domain_people import SENT_AT, a_contact, a_user, an_invitation

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


def test_every_refusal_that_is_not_decided_with_the_invitation_is_one_of_a_reminder() -> None:
    values = {one.value for one in ReminderRefusal}
    assert {one.value for one in Refusal} - values == {one.value for one in OF_INVITATIONS_ONLY}


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


DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DUE = DueAt(first=SENT_AT + 3 * DAY, second=SENT_AT + 7 * DAY, expiry=SENT_AT + 30 * DAY)


def at_instant(kind: MailKind, at: datetime, invitation: Invitation | None = None) -> ReminderRefusal | None:
    return reminder_refusal(
        kind, invitation or an_invitation(due_at=DUE), a_user(), a_contact(), suppressed=False, at=at
    )


@pytest.mark.parametrize(
    ("kind", "at", "expected"),
    [
        (MailKind.FIRST, DUE.first, None),
        (MailKind.FIRST, DUE.first + 3 * DAY, None),
        (MailKind.FIRST, DUE.first + 3 * DAY + HOUR, R.TOO_LATE),
        (MailKind.FIRST, DUE.second - HOUR, R.TOO_LATE),
        (MailKind.FIRST, DUE.second, R.OVERTAKEN),
        (MailKind.SECOND, DUE.second, None),
        (MailKind.SECOND, DUE.second + 3 * DAY, None),
        (MailKind.SECOND, DUE.second + 3 * DAY + HOUR, R.TOO_LATE),
    ],
)
def test_a_reminder_is_overtaken_by_the_next_one_and_too_late_after_three_days(
    kind: MailKind, at: datetime, expected: ReminderRefusal | None
) -> None:
    assert at_instant(kind, at) is expected
    assert not R.OVERTAKEN.final
    assert not R.TOO_LATE.final


def test_what_somebody_wants_counts_before_what_time_it_is() -> None:
    off = a_user(reminder_settings=ReminderSettings(first=False))
    late = an_invitation(due_at=DUE)
    refused = reminder_refusal(MailKind.FIRST, late, off, a_contact(), suppressed=False, at=DUE.second)
    assert refused is R.THIS_REMINDER_OFF
    # Nobody whose reminder would not have left anyway is counted among those held out.
    held_out = an_invitation(due_at=DUE, held_out=(MailKind.FIRST,))
    assert at_instant(MailKind.FIRST, DUE.second, held_out) is R.OVERTAKEN
    assert at_instant(MailKind.FIRST, DUE.first, held_out) is R.HOLDOUT


@pytest.mark.parametrize(
    ("fields", "since"),
    [
        ({"sent_at": None}, None),
        ({}, SENT_AT),
        ({"reminders": (Reminder(type=MailKind.FIRST, sent_at=SENT_AT + DAY, message_id="<r@x>"),)}, SENT_AT + DAY),
        # Who may have got a mail counts as having got it.
        (
            {"reminder_skips": (ReminderSkip(type=MailKind.FIRST, reason="uncertain", at=SENT_AT + DAY),)},
            SENT_AT + DAY,
        ),
        ({"reminder_skips": (ReminderSkip(type=MailKind.FIRST, reason="holdout", at=SENT_AT + DAY),)}, SENT_AT),
    ],
)
def test_the_distance_is_counted_from_the_last_mail_that_may_have_arrived(
    fields: dict[str, Any], since: datetime | None
) -> None:
    found = next_mail_at(an_invitation(**fields), ReminderTiming(distance=6 * HOUR))
    assert found == (since + 6 * HOUR if since else None)


@st.composite
def timings(draw: st.DrawFn) -> ReminderTiming:
    distance = draw(st.timedeltas(timedelta(0), 3 * DAY))
    return ReminderTiming(distance + draw(st.timedeltas(timedelta(minutes=1), 20 * DAY)), distance)


@given(
    timing=timings(),
    zone=st.sampled_from(("Europe/Paris", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe")),
    sent_after=st.timedeltas(timedelta(0), 365 * DAY),
    awake=st.lists(st.timedeltas(timedelta(0), 40 * DAY), max_size=6),
)
def test_whenever_a_follow_up_is_awake_mails_keep_their_distance_and_their_order(
    timing: ReminderTiming, zone: str, sent_after: timedelta, awake: list[timedelta]
) -> None:
    """Go through the month as a follow-up does: each step when it is due or put off to, but only while it is awake."""
    sent_at = SENT_AT + sent_after
    due = due_at(sent_at, zone, 30)
    invitation = an_invitation(sent_at=sent_at, due_at=due)
    mails: list[tuple[MailKind | None, datetime]] = [(None, sent_at)]
    looks = sorted({*(sent_at + one for one in awake), sent_at + 41 * DAY})
    for look in looks:
        for kind, instant in ((MailKind.FIRST, due.first), (MailKind.SECOND, due.second)):
            not_before = next_mail_at(invitation, timing)
            if look < instant or not is_undecided(kind, invitation):
                continue
            refused = reminder_refusal(
                kind, invitation, a_user(), a_contact(), suppressed=False, at=look, timing=timing
            )
            if refused is not None:
                skip = ReminderSkip(type=kind, reason=refused.value, at=look)
                invitation = invitation.model_copy(update={"reminder_skips": (*invitation.reminder_skips, skip)})
            elif not_before is None or not_before <= look:
                mails.append((kind, look))
                reminder = Reminder(type=kind, sent_at=look, message_id="<r@x.example>")
                invitation = invitation.model_copy(update={"reminders": (*invitation.reminders, reminder)})
    assert all(later - earlier >= timing.distance for (_, earlier), (_, later) in itertools.pairwise(mails))
    assert [kind for kind, _ in mails] in ([None, *some] for some in ([], [*KINDS[:1]], [*KINDS[1:]], [*KINDS]))
    lateness = {MailKind.FIRST: due.first, MailKind.SECOND: due.second}
    assert all(at - lateness[kind] <= timing.max_late for kind, at in mails if kind is not None)
    assert not any(is_undecided(kind, invitation) for kind in KINDS), "every reminder ends in a mail or a reason"


@given(timing=timings(), lateness=st.timedeltas(timedelta(0), 4 * DAY - timedelta(seconds=1)))
def test_a_second_reminder_put_off_by_a_late_first_one_is_never_too_late_for_that(
    timing: ReminderTiming, lateness: timedelta
) -> None:
    first = Reminder(type=MailKind.FIRST, sent_at=DUE.first + lateness, message_id="<r@x.example>")
    invitation = an_invitation(due_at=DUE, reminders=(first,))
    at = next_mail_at(invitation, timing)
    assert at is not None
    refused = reminder_refusal(
        MailKind.SECOND, invitation, a_user(), a_contact(), suppressed=False, at=max(at, DUE.second), timing=timing
    )
    assert refused is None


def test_the_limits_are_three_days_and_one() -> None:
    assert (DEFAULT_TIMING.max_late, DEFAULT_TIMING.distance) == (3 * DAY, DAY)


def test_who_did_not_get_the_invitation_is_not_reminded_of_it_and_may_be_later() -> None:
    def moved(**fields: Any) -> ReminderRefusal | None:
        contact = a_contact().model_copy(update=fields)
        return reminder_refusal(MailKind.FIRST, an_invitation(), a_user(), contact, suppressed=False, moved=True)

    assert moved() is R.ADDRESS_CHANGED
    assert not R.ADDRESS_CHANGED.final
    # What ends the invitation for good is said first.
    assert moved(status=ContactStatus.OPTED_OUT) is R.CONTACT_OPTED_OUT
