from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.invitations.events import INVITATION_AFTER_SENT, INVITATION_BEFORE_SENT
from relance.domain.invitations.invitation import ALLOWED, Invitation, InvitationStatus, may_become, sources_of
from tests.support.domain_people import an_invitation

S = InvitationStatus
FINAL = {S.SUBMITTED, S.FAILED, S.BOUNCED, S.CANCELLED, S.SKIPPED}


def test_the_normal_way_is_open() -> None:
    way = [S.QUEUED, S.SENDING, S.SENT, S.OPENED, S.SUBMITTED]
    assert all(may_become(old, new) for old, new in pairwise(way))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (S.SENT, S.QUEUED),
        (S.SENT, S.SENDING),
        (S.SENDING, S.QUEUED),
        (S.OPENED, S.SENT),
        (S.SENT, S.FAILED),
        (S.SENT, S.SKIPPED),
        (S.SENT, S.UNCERTAIN),
        (S.EXPIRED, S.SENT),
        (S.QUEUED, S.EXPIRED),
        (S.UNCERTAIN, S.SENDING),
        (S.CANCELLED, S.SUBMITTED),
        (S.BOUNCED, S.SENT),
    ],
)
def test_nothing_goes_back(old: InvitationStatus, new: InvitationStatus) -> None:
    assert not may_become(old, new)


def test_a_late_answer_counts_and_a_lost_reply_may_turn_out_well() -> None:
    assert may_become(S.EXPIRED, S.SUBMITTED)
    assert may_become(S.UNCERTAIN, S.SENT)


def test_an_end_stays() -> None:
    assert {status for status in S if not ALLOWED[status]} == FINAL


def test_every_status_has_its_row_and_is_no_successor_of_itself() -> None:
    assert set(ALLOWED) == set(S)
    assert not any(may_become(status, status) for status in S)


def test_every_status_but_the_first_can_be_reached() -> None:
    assert [status for status in S if not sources_of(status)] == [S.QUEUED]


def test_the_filter_of_a_compare_and_set_is_the_table_read_backwards() -> None:
    for new in S:
        assert set(sources_of(new)) == {old for old in S if may_become(old, new)}


@given(st.lists(st.sampled_from(S), min_size=1, max_size=40))
def test_no_walk_visits_a_status_twice(wishes: list[InvitationStatus]) -> None:
    status, walk = S.QUEUED, [S.QUEUED]
    for wish in wishes:
        if may_become(status, wish):
            status = wish
            walk.append(status)
    assert len(walk) == len(set(walk))


def test_every_event_leads_where_the_table_allows() -> None:
    for new in INVITATION_AFTER_SENT.values():
        assert may_become(S.SENT, new)
    for new in INVITATION_BEFORE_SENT.values():
        assert may_become(S.QUEUED, new)


def test_an_invitation_survives_the_way_to_the_database_and_back() -> None:
    there = an_invitation().model_dump(by_alias=True, mode="json")
    assert {"_id", "userId", "dueAt", "sentAt", "reminderSkips"} <= set(there)
    assert Invitation.model_validate(there) == an_invitation()
