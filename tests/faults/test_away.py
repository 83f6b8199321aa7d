"""What a week's absence is judged by: the distance between mails, reminders without a trace, events of follow-ups."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from relance.devstack.mailbox.models import Accepted
from relance.domain.invitations.invitation import DueAt, Invitation, InvitationStatus, MailKind, Reminder, ReminderSkip
from tests.faults.away.calendar import Calendar
from tests.faults.away.histories import grown
from tests.faults.away.long_pause import Paused
from tests.faults.away.people import AFTER, BACK, EARLY, LAST, MANY, MIDDLE, Crowd
from tests.faults.away.reminded import (
    Mail,
    closest_s,
    doubled_reminders,
    mails_of,
    recorded,
    refusals,
    silent_steps,
    unwanted,
)

PERIOD, AT, DAY = "2026-11", datetime(2026, 11, 3, 10, tzinfo=UTC), timedelta(days=1)
DUE = DueAt(first=AT + 3 * DAY, second=AT + 7 * DAY, expiry=AT + 30 * DAY)
INVITATION, FIRST, SECOND = MailKind.INVITATION, MailKind.FIRST, MailKind.SECOND


def mail(kind: MailKind, days: float, contact: str = "c") -> Mail:
    return Mail(f"{PERIOD}.u.{contact}", kind, AT + days * DAY)


def entry(
    sent: tuple[MailKind, ...] = (), status: InvitationStatus = InvitationStatus.SENT, **skips: str
) -> Invitation:
    found: dict[str, Any] = {"_id": f"{PERIOD}.u.c", "period": PERIOD, "user_id": "u", "contact_id": "c"}
    return Invitation(
        **found,
        status=status,
        queued_at=AT,
        sent_at=AT,
        due_at=DUE,
        reminders=tuple(Reminder(type=kind, sent_at=AT + 3 * DAY, message_id="<m@f>") for kind in sent),
        reminder_skips=tuple(ReminderSkip(type=MailKind(kind), reason=why, at=AT) for kind, why in skips.items()),
    )


def accepted(message_id: str) -> Accepted:
    return Accepted(n=1, time=AT, connection=1, message_id=message_id, sender="b@f.example", to=("c@p.example",))


def test_mails_are_told_apart_by_invitation_kind_and_period() -> None:
    log = [
        accepted("<2026-11.u.c.first@f.example>"),
        accepted("<2026-12.u.c.first@f.example>"),
        accepted("<alert/1@f.example>"),
    ]
    assert mails_of(PERIOD, log) == [mail(FIRST, 0)]


def test_the_closest_are_two_mails_of_one_invitation_in_whatever_order_they_are_listed() -> None:
    mails = [mail(SECOND, 7), mail(INVITATION, 0), mail(FIRST, 3), mail(SECOND, 3.01, "other")]
    assert closest_s(mails) == 3 * DAY.total_seconds()
    assert closest_s([*mails, mail(INVITATION, 3, "other")]) == pytest.approx(864.0)
    assert closest_s([mail(FIRST, 3)]) is None


def test_a_copy_of_a_mail_is_no_second_mail_but_counts_for_what_follows() -> None:
    copies = [mail(INVITATION, 0), mail(INVITATION, 0.0001), mail(INVITATION, 2.5), mail(FIRST, 3)]
    assert closest_s(copies) == DAY.total_seconds() / 2
    assert doubled_reminders(copies) == 0
    assert doubled_reminders([*copies, mail(FIRST, 3.1), mail(FIRST, 3.2)]) == 2


def test_the_ledger_tells_of_the_same_mails() -> None:
    assert recorded([entry((FIRST,))]) == [mail(INVITATION, 0), mail(FIRST, 3)]


@pytest.mark.parametrize(
    ("one", "silent"),
    [
        (entry(), ["first", "second"]),
        (entry((FIRST,)), ["second"]),
        (entry((SECOND,)), ["first"]),
        (entry((SECOND,), first="overtaken"), []),
        (entry(first="overtaken", second="too_late"), []),
        (entry(first="too_late"), ["second"]),
        # Ended for good by the first: nothing is said of the second.
        (entry(first="contact_opted_out"), []),
        (entry((FIRST,), second="contact_opted_out"), []),
        (entry(status=InvitationStatus.SUBMITTED), []),
        (entry(status=InvitationStatus.CANCELLED), []),
    ],
)
def test_each_due_reminder_was_sent_or_has_its_reason(one: Invitation, silent: list[str]) -> None:
    assert silent_steps([one], AT + 8 * DAY) == [f"{PERIOD}.u.c {kind}" for kind in silent]


def test_what_is_not_due_yet_is_not_silent() -> None:
    assert silent_steps([entry()], AT + 2 * DAY) == []
    assert silent_steps([entry()], AT + 5 * DAY) == [f"{PERIOD}.u.c first"]


def test_reasons_are_counted_by_reminder() -> None:
    entries = [entry(first="overtaken"), entry(first="overtaken", second="too_late")]
    assert refusals(entries) == {"first: overtaken": 2, "second: too_late": 1}


def test_a_mail_after_the_end_of_its_invitation_is_unwanted() -> None:
    ended = {f"{PERIOD}.u.c": AT + 3 * DAY}
    assert unwanted([mail(INVITATION, 0), mail(FIRST, 3), mail(SECOND, 7), mail(SECOND, 7, "other")], ended) == 1


def test_a_pause_is_judged_by_the_follow_up_that_grew_most_and_those_of_many_contacts_apart() -> None:
    events = grown(
        {"follow-up/2026-11/e0": 30, "follow-up/2026-11/f0": 40, f"follow-up/2026-11/{MANY}": 110},
        {"follow-up/2026-11/e0": 40, "follow-up/2026-11/f0": 99, f"follow-up/2026-11/{MANY}": 310, "new": 500},
    )
    assert Paused(events, 0, 0).figures == {"events_per_follow_up": 59, "events_per_follow_up_of_100": 200}
    assert Paused(events, 0, 0).problems == []
    assert len(Paused({"follow-up/2026-11/e0": 60}, 3, 1).problems) == 3


def test_the_absence_passes_the_reminders_of_each_group_as_it_says() -> None:
    assert EARLY + 3 < LAST < EARLY + 7 < BACK
    assert LAST < MIDDLE + 3 < MIDDLE + 7 < BACK
    assert LAST + 3 < BACK < LAST + 7 < AFTER
    assert BACK - LAST < 7, "what is sent later than that is not sent at all (SPEC C14)"
    users, contacts = Crowd(2, 3, 4, 100).documents()
    assert (len(users), len(contacts)) == (2 + 2 + 1 + 3 + 2, 9 * 4 + 100)
    assert Crowd(2, 3, 4, 100).of(LAST) == 12
    days = {one["_id"][0]: (one["sendDay"], one["sendTime"]) for one in users}
    assert days == {"e": (3, "10:00"), "f": (6, "10:00"), "m": (8, "22:00"), "n": (16, "22:00")}


def test_a_calendar_is_turned_forward_only_and_by_whole_seconds(tmp_path: Path) -> None:
    calendar = Calendar(tmp_path / "calendar")
    begun = calendar.now()
    calendar.turn(begun + 5 * DAY)
    assert begun + 5 * DAY <= calendar.now() < begun + 5 * DAY + timedelta(minutes=1)
    calendar.turn(begun)
    assert calendar.now() >= begun + 5 * DAY
    off = int((tmp_path / "calendar").read_text())
    assert abs(timedelta(seconds=off) - 5 * DAY) <= timedelta(seconds=1)
