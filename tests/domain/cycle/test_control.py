from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.contracts.control import ControlChange
from relance.domain.cycle.control import (
    CANCELLED,
    GIVEN_UP,
    TRANSITIONS,
    ControlState,
    compensation_id,
    states_before,
)
from relance.domain.cycle.planning import PlanStatus
from relance.domain.invitations.invitation import InvitationStatus, may_become

AT = datetime(2026, 11, 5, 17, 0, tzinfo=UTC)
RUNNING, PAUSED, OFF, BACK = ControlState

ALLOWED = {
    (RUNNING, PAUSED),
    (RUNNING, OFF),
    (RUNNING, BACK),
    (PAUSED, RUNNING),
    (PAUSED, OFF),
    (PAUSED, BACK),
    (OFF, BACK),
}


@pytest.mark.parametrize("old", ControlState)
@pytest.mark.parametrize("new", ControlState)
def test_a_cycle_may_be_told_what_the_table_says(old: ControlState, new: ControlState) -> None:
    assert (new in TRANSITIONS[old]) == ((old, new) in ALLOWED)
    assert (old in states_before(new)) == ((old, new) in ALLOWED)


@given(st.lists(st.sampled_from(ControlState)))
def test_what_is_final_never_runs_again(wishes: list[ControlState]) -> None:
    state, final = RUNNING, False
    for wish in wishes:
        state = wish if wish in TRANSITIONS[state] else state
        final = final or state.final
        assert state.final == final


def test_every_state_can_be_reached_and_has_a_line() -> None:
    assert set(TRANSITIONS) == set(ControlState)
    assert set().union(*TRANSITIONS.values()) == set(ControlState)


def test_only_statuses_that_may_be_cancelled_are_given_up() -> None:
    for given_up in GIVEN_UP.values():
        assert all(may_become(InvitationStatus(one), InvitationStatus.CANCELLED) for one in given_up["invitations"])
        assert all(PlanStatus(one) not in {PlanStatus.SKIPPED, PlanStatus.CANCELLED} for one in given_up["plans"])
    assert {InvitationStatus(CANCELLED), PlanStatus(CANCELLED)} == {InvitationStatus.CANCELLED, PlanStatus.CANCELLED}


def test_a_cancellation_leaves_what_was_sent_and_a_rollback_does_not() -> None:
    sent = {InvitationStatus.SENT, InvitationStatus.OPENED}
    assert sent.isdisjoint(GIVEN_UP[OFF]["invitations"])
    assert sent <= set(GIVEN_UP[BACK]["invitations"])


def test_the_same_change_has_the_same_record() -> None:
    assert compensation_id(BACK, "plans", "2026-11.u1") == compensation_id(BACK, "plans", "2026-11.u1")
    assert compensation_id(BACK, "plans", "2026-11.u1") != compensation_id(OFF, "plans", "2026-11.u1")


def test_what_was_said_later_counts_in_whatever_order_it_arrives() -> None:
    first = ControlChange(state=PAUSED, by="ann", at=AT)
    second = ControlChange(state=RUNNING, by="bob", at=AT + timedelta(seconds=1))
    assert second.newer_than(first)
    assert not first.newer_than(second)
    assert not first.newer_than(first)
    assert first.newer_than(ControlChange())
    assert not ControlChange().newer_than(first)


def test_a_person_reads_who_stopped_it_and_why() -> None:
    assert ControlChange(state=PAUSED, by="ann", reason="relay moves house").words == "paused by ann: relay moves house"
    assert ControlChange(state=BACK, by="ann").words == "rolled back by ann"
    assert ControlChange().words == ""
