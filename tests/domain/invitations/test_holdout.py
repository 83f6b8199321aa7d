from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.invitations.holdout import NOBODY, HeldOut, HoldOut, position
from relance.domain.invitations.invitation import InvitationStatus, MailKind, Reminder, ReminderSkip
from relance.domain.invitations.reminders import ReminderRefusal, reminder_refusal
from relance.ids import invitation_id
from tests.support.domain_people import SENT_AT, a_contact, a_user, an_invitation

IDS = [
    invitation_id("2026-11", f"u{user:04}", f"c{user:04}-{contact:02}") for user in range(2000) for contact in range(10)
]
PLACES = [0.667434, 0.114872, 0.562849]


def test_by_default_nobody_is_held_out() -> None:
    assert {NOBODY.kinds(one) for one in IDS[:500]} == {None}


@given(st.text(max_size=40), st.floats(0, 100))
def test_the_same_invitation_always_has_the_same_place(invitation: str, percent: float) -> None:
    assert 0 <= position(invitation) < 1
    assert HoldOut(percent).kinds(invitation) == HoldOut(percent).kinds(invitation)


def test_the_places_are_those_of_the_first_release() -> None:
    # Another salt or hash would deal a running month anew.
    assert [round(position(one), 6) for one in IDS[:3]] == PLACES


def test_the_order_in_which_they_are_asked_about_does_not_matter() -> None:
    shuffled = list(IDS)
    random.Random(7).shuffle(shuffled)
    rule = HoldOut(10)
    assert {one for one in shuffled if rule.kinds(one)} == {one for one in IDS if rule.kinds(one)}


@pytest.mark.parametrize("percent", [1, 5, 20, 50])
def test_the_group_is_as_large_as_asked_for(percent: int) -> None:
    share = sum(HoldOut(percent).kinds(one) is not None for one in IDS) / len(IDS)
    # Four standard deviations of so many throws.
    assert abs(share - percent / 100) < 4 * (percent / 100 * (1 - percent / 100) / len(IDS)) ** 0.5


def test_a_higher_percentage_adds_to_the_group() -> None:
    few = {one for one in IDS if HoldOut(5).kinds(one)}
    many = {one for one in IDS if HoldOut(20).kinds(one)}
    assert few < many


def test_places_are_spread_evenly_within_each_user_and_anew_each_month() -> None:
    tenths = Counter(int(10 * position(one)) for one in IDS)
    expected = len(IDS) / 10
    # Chi square with nine degrees of freedom: 27.9 is its quantile of 99.9 %.
    assert sum((count - expected) ** 2 / expected for count in tenths.values()) < 27.9
    held = {one for one in IDS if HoldOut(20).kinds(one)}
    again = {one for one in IDS if HoldOut(20).kinds(one.replace("2026-11", "2026-12"))}
    assert abs(len(held & again) / len(held) - 0.2) < 0.03


@pytest.mark.parametrize(
    ("without", "kinds"),
    [
        (HeldOut.BOTH, (MailKind.FIRST, MailKind.SECOND)),
        (HeldOut.FIRST, (MailKind.FIRST,)),
        (HeldOut.SECOND, (MailKind.SECOND,)),
    ],
)
def test_a_held_out_invitation_goes_without_just_these_reminders(without: HeldOut, kinds: tuple[MailKind, ...]) -> None:
    assert HoldOut(100, without).kinds("x") == kinds
    entry = an_invitation(held_out=kinds)
    for kind in (MailKind.FIRST, MailKind.SECOND):
        refusal = reminder_refusal(kind, entry, a_user(), a_contact(), suppressed=False)
        assert refusal is (ReminderRefusal.HOLDOUT if kind in kinds else None)
    assert not ReminderRefusal.HOLDOUT.final


def test_every_other_reason_comes_before_the_hold_out() -> None:
    """So that the group is made of those who would have been reminded, and of nobody else."""
    held: dict[str, Any] = {"held_out": HeldOut.BOTH.kinds}
    sent = Reminder(type=MailKind.FIRST, sent_at=SENT_AT, message_id="<m@x>")
    skip = ReminderSkip(type=MailKind.FIRST, reason="holdout", at=SENT_AT)
    for entry, user, contact, suppressed in (
        (an_invitation(InvitationStatus.SUBMITTED, **held), a_user(), a_contact(), False),
        (an_invitation(**held), a_user(status="inactive"), a_contact(), False),
        (an_invitation(**held), a_user(reminder_settings={"enabled": False}), a_contact(), False),
        (an_invitation(**held), a_user(), a_contact(status="opted_out"), False),
        (an_invitation(**held), a_user(), a_contact(), True),
        (an_invitation(reminders=(sent,), **held), a_user(), a_contact(), False),
        (an_invitation(reminder_skips=(skip,), **held), a_user(), a_contact(), False),
    ):
        refusal = reminder_refusal(MailKind.FIRST, entry, user, contact, suppressed=suppressed)
        assert refusal not in {None, ReminderRefusal.HOLDOUT}
