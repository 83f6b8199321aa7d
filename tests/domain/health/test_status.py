from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.health.status import READINGS_KEPT, Grade, Health, Trouble, graded, is_settled
from tests.domain.health.looks import START, a_look, a_rule, graded_run, told

COUNTS = st.integers(1, 5)
GRADES = st.lists(st.sampled_from(Grade), max_size=60)


@pytest.mark.parametrize(
    ("value", "grade"), [(400.0, Grade.GOOD), (400.1, Grade.WARNING), (512.0, Grade.WARNING), (512.1, Grade.BAD)]
)
def test_a_value_is_bad_only_above_its_limit(value: float, grade: Grade) -> None:
    assert graded(a_look(value), a_rule(), None, ()) is grade


def test_a_look_that_failed_is_bad() -> None:
    for trouble in Trouble:
        assert graded(a_look(None, trouble=trouble), a_rule(), None, ()) is Grade.BAD


def test_a_soft_trouble_is_a_warning() -> None:
    rule = a_rule(soft=frozenset({Trouble.REFUSED}))
    assert graded(a_look(None, trouble=Trouble.REFUSED), rule, None, ()) is Grade.WARNING
    assert graded(a_look(None, trouble=Trouble.TIMEOUT), rule, None, ()) is Grade.BAD


def test_what_could_not_be_asked_says_nothing() -> None:
    rule = a_rule(needs=frozenset({"mongodb"}))
    failed = a_look(None, trouble=Trouble.UNREACHABLE)
    assert graded(failed, rule, None, {"mongodb"}) is Grade.UNKNOWN
    assert graded(failed, rule, None, {"temporal"}) is Grade.BAD
    assert graded(a_look(600.0), rule, None, {"mongodb"}) is Grade.BAD


def test_a_counter_is_bad_when_it_grew() -> None:
    rule = a_rule(counter=True, warn=None, limit=None, fail_after=1, recover_after=3)
    states = [one.state for one in told([7, 7, 9, 9, 9, 9, 9], rule)]
    assert states == [Health.HEALTHY] * 2 + [Health.UNHEALTHY] * 3 + [Health.HEALTHY] * 2


def test_a_counter_that_could_not_be_read_meanwhile_is_compared_with_the_last_one_known() -> None:
    rule = a_rule(counter=True, warn=None, limit=None, fail_after=2, recover_after=2)
    statuses = told([7, Trouble.TIMEOUT, 9], rule)
    assert [one.value for one in statuses] == [7, 7, 9]
    assert statuses[-1].state is Health.UNHEALTHY


def test_one_bad_look_degrades_and_two_in_a_row_are_an_outage() -> None:
    states = [one.state for one in told([100, 600, 100, 600, 600, 100, 600, 100, 100], a_rule())]
    assert states == [
        Health.HEALTHY,
        Health.DEGRADED,
        Health.HEALTHY,
        Health.DEGRADED,
        Health.UNHEALTHY,
        Health.UNHEALTHY,
        Health.UNHEALTHY,
        Health.UNHEALTHY,
        Health.HEALTHY,
    ]


def test_a_state_is_dated_from_the_look_that_made_it() -> None:
    statuses = told([100, 100, 600, 600, 600], a_rule())
    assert [(one.since - START) / timedelta(seconds=1) for one in statuses] == [0, 0, 2, 3, 3]


def test_an_outage_stays_one_while_nobody_can_look() -> None:
    grades = [Grade.BAD, Grade.BAD, Grade.UNKNOWN, Grade.UNKNOWN]
    assert [one.state for one in graded_run(grades, a_rule())][1:] == [Health.UNHEALTHY] * 3


def test_what_was_well_is_unknown_while_nobody_can_look() -> None:
    assert graded_run([Grade.GOOD, Grade.UNKNOWN], a_rule())[-1].state is Health.UNKNOWN


@given(GRADES, COUNTS, COUNTS)
def test_an_outage_takes_as_many_bad_looks_in_a_row_as_the_rule_says(grades: list[Grade], fail: int, well: int) -> None:
    rule = a_rule(fail_after=fail, recover_after=well)
    known = [grade for grade in grades if grade is not Grade.UNKNOWN]
    statuses = graded_run(known, rule)
    unwell = False
    for number, standing in enumerate(statuses):
        latest = known[: number + 1]
        if unwell:
            unwell = not (len(latest) >= well and all(one is not Grade.BAD for one in latest[-well:]))
        else:
            unwell = len(latest) >= fail and all(one is Grade.BAD for one in latest[-fail:])
        assert (standing.state is Health.UNHEALTHY) is unwell


@given(GRADES, COUNTS, COUNTS)
def test_looks_nobody_could_make_change_nothing_about_the_others(grades: list[Grade], fail: int, well: int) -> None:
    rule = a_rule(fail_after=fail, recover_after=well)
    with_gaps = [one for one in graded_run(grades, rule) if one.looks[-1].grade is not Grade.UNKNOWN]
    without = graded_run([grade for grade in grades if grade is not Grade.UNKNOWN], rule)
    assert [one.state for one in with_gaps] == [one.state for one in without]


@given(GRADES, COUNTS, COUNTS)
def test_what_is_settled_stays_as_it_is_if_the_next_look_finds_the_same(
    grades: list[Grade], fail: int, well: int
) -> None:
    rule = a_rule(fail_after=fail, recover_after=well)
    for number in range(1, len(grades) + 1):
        now, then = graded_run([*grades[:number], grades[number - 1]], rule)[-2:]
        if is_settled(now, rule):
            assert (then.state is Health.UNHEALTHY) is (now.state is Health.UNHEALTHY)


@given(GRADES)
def test_a_round_of_equal_looks_always_settles(grades: list[Grade]) -> None:
    rule = a_rule(fail_after=4, recover_after=3)
    for last in (Grade.GOOD, Grade.WARNING, Grade.BAD):
        assert is_settled(graded_run([*grades, *[last] * 4], rule)[-1], rule)


def test_only_the_newest_looks_are_kept() -> None:
    kept = told([float(number) for number in range(100)], a_rule(warn=None, limit=None))[-1].looks
    assert len(kept) == READINGS_KEPT
    assert kept[-1].value == 99
