from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.jobs.audit import (
    AuditMark,
    Auditor,
    AuditStatus,
    DueRun,
    Execution,
    Passed,
    Watched,
    beginning,
    continued,
    left_behind,
    looks_ahead,
)
from relance.domain.jobs.run import DONE, FAILED, LATE, MISSED, NO_WORKER, OVERLAP, PAUSED, RAN, improves

START = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)
GRACE, CATCHUP = timedelta(minutes=1), timedelta(hours=1)
MINUTE = timedelta(minutes=1)

spans = st.integers(0, 300).map(lambda minutes: minutes * MINUTE)


def watched(
    *, paused: bool = False, spec: str = "a", changed: datetime = START, passed: Passed | None = None
) -> Watched:
    return Watched("cleanup", "cleanup", spec, CATCHUP, paused, START, changed, passed or Passed())


def judged(
    after: timedelta,
    execution: Execution | None = None,
    *others: Execution,
    was_paused: bool = False,
    paused: bool = False,
    passed: Passed | None = None,
    changed: datetime = START,
) -> str | None:
    auditor = Auditor(watched(paused=paused, passed=passed, changed=changed), START + after, GRACE, START + after)
    run = auditor.record(DueRun(nominal=START, paused=was_paused), execution, others)
    assert run is None or (run.job, run.nominal, run.at, run.detail["by"]) == ("cleanup", START, auditor.now, "audit")
    return run.state if run else None


def run(
    status: AuditStatus, *, nominal: datetime = START, begun: timedelta = timedelta(0), lasted: int = 5
) -> Execution:
    started = nominal + begun
    closed = None if status is AuditStatus.RUNNING else started + lasted * MINUTE
    return Execution(nominal, status, started, closed)


@given(spans)
def test_nothing_is_said_while_the_server_may_still_make_up_for_it(after: timedelta) -> None:
    assert (judged(after) is None) == (after < CATCHUP + GRACE)


@given(spans, st.booleans(), st.booleans())
def test_a_run_that_goes_on_is_waited_for_however_long(after: timedelta, was_paused: bool, paused: bool) -> None:
    running = run(AuditStatus.RUNNING)
    assert judged(after, running, was_paused=was_paused, paused=paused) is None


@pytest.mark.parametrize(
    "status", [AuditStatus.FAILED, AuditStatus.CANCELLED, AuditStatus.TERMINATED, AuditStatus.TIMED_OUT]
)
@given(after=spans)
def test_a_run_that_was_cut_off_has_failed_at_once(status: AuditStatus, after: timedelta) -> None:
    assert judged(after, run(status)) == FAILED


def test_a_run_no_worker_took_is_none() -> None:
    assert judged(3 * CATCHUP, run(AuditStatus.UNSERVED)) == NO_WORKER


def test_a_run_whose_record_was_lost_is_recorded_by_what_the_server_knows() -> None:
    assert judged(CATCHUP, run(AuditStatus.COMPLETED)) == RAN
    assert judged(CATCHUP, run(AuditStatus.COMPLETED, begun=6 * MINUTE)) == LATE


@given(spans, spans, st.integers(0, 300))
def test_an_earlier_run_that_was_not_over_in_time_is_the_reason(
    before: timedelta, begun: timedelta, lasted: int
) -> None:
    earlier = run(AuditStatus.COMPLETED, nominal=START - before, begun=begun, lasted=lasted)
    in_the_way = before > timedelta(0) and earlier.closed_at is not None and earlier.closed_at > START
    assert judged(2 * CATCHUP, None, earlier) == (OVERLAP if in_the_way else MISSED)


@pytest.mark.parametrize(("late", "held_up"), [(timedelta(minutes=1), False), (timedelta(days=3), True)])
def test_what_a_backfill_held_up_says_so(late: timedelta, held_up: bool) -> None:
    nominal = START - late - timedelta(minutes=1)
    in_the_way = run(AuditStatus.COMPLETED, nominal=nominal, begun=late, lasted=30)
    auditor = Auditor(watched(), START + CATCHUP + GRACE, GRACE, START + CATCHUP + GRACE)
    record = auditor.record(DueRun(nominal=START), None, [in_the_way])
    assert record is not None
    assert (record.state, record.detail.get("held_up_by")) == (OVERLAP, "backfill" if held_up else None)


def test_a_later_run_is_no_reason_and_one_that_still_goes_on_is() -> None:
    assert judged(2 * CATCHUP, None, run(AuditStatus.COMPLETED, nominal=START + MINUTE)) == MISSED
    assert judged(2 * CATCHUP, None, run(AuditStatus.RUNNING, nominal=START - MINUTE)) == OVERLAP


def test_what_passed_during_a_pause_is_known_soon_and_after_a_pause_in_due_time() -> None:
    assert judged(GRACE, was_paused=True, paused=True) == PAUSED
    assert judged(timedelta(0), was_paused=True, paused=True) is None
    assert judged(GRACE, was_paused=True) is None
    assert judged(CATCHUP + GRACE, was_paused=True) == PAUSED
    # Paused only after its time had passed.
    assert judged(CATCHUP + GRACE, paused=True) == MISSED


def test_what_the_server_counted_tells_a_pause_from_an_outage_and_a_run_it_took_for_running() -> None:
    after = CATCHUP + GRACE
    assert judged(after, passed=Passed(missed=1)) == MISSED
    assert judged(after, passed=Passed(overlap=1)) == OVERLAP
    assert judged(after, was_paused=True, passed=Passed(overlap=1)) == PAUSED
    # Of what cannot be told apart, people had rather hear too much.
    assert judged(after, was_paused=True, passed=Passed(missed=1)) == MISSED
    assert judged(after, passed=Passed(missed=1, overlap=1)) == MISSED


def test_a_later_run_that_began_within_the_window_shows_that_nothing_was_missed() -> None:
    after, both = 3 * CATCHUP, Passed(missed=1, overlap=1)
    soon = run(AuditStatus.COMPLETED, nominal=START + MINUTE, begun=CATCHUP - 2 * MINUTE)
    late = run(AuditStatus.COMPLETED, nominal=START + MINUTE, begun=CATCHUP)
    assert judged(after, None, soon, passed=both) == OVERLAP
    assert judged(after, None, late, passed=both) == MISSED
    assert judged(after, None, soon, was_paused=True, passed=Passed(missed=1)) == PAUSED


def test_a_pause_between_two_audits_is_inferred_from_a_server_that_acted_again_and_counted_nothing() -> None:
    again = run(AuditStatus.COMPLETED, nominal=START + MINUTE)
    assert judged(2 * CATCHUP, None, again, changed=START - MINUTE) == PAUSED
    # Dropped by a change of the Schedule, or not acting at all.
    assert judged(2 * CATCHUP, None, again, changed=START + MINUTE) == MISSED
    assert judged(2 * CATCHUP, None, changed=START - MINUTE) == MISSED


def test_what_was_counted_before_says_nothing_about_later_times() -> None:
    counted = Passed(missed=5, overlap=7)
    first = continued(None, watched(passed=counted), [], START)
    [due] = continued(first, watched(passed=counted), [START + MINUTE], START + MINUTE).open
    assert due.passed == counted


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.lists(st.booleans(), min_size=8, max_size=8))
def test_audits_one_after_the_other_see_each_nominal_time_once(steps: list[int], pauses: list[bool]) -> None:
    every = [START + 7 * minute * MINUTE for minute in range(1, 80)]
    mark: AuditMark | None = None
    now, seen = START, list[DueRun]()
    for step, paused in zip(steps, pauses, strict=False):
        schedule = watched(paused=paused)
        now, after = now + step * MINUTE, beginning(mark, schedule)
        mark = continued(mark, schedule, [at for at in every if after < at <= now], now)
        seen += mark.open
        mark = mark.model_copy(update={"open": ()})
    assert [due.nominal for due in seen] == [at for at in every if at <= now]


def test_a_fresh_installation_begins_with_the_schedule_and_a_changed_one_with_the_change() -> None:
    assert beginning(None, watched()) == START
    mark = AuditMark(job="cleanup", up_to=START + 10 * MINUTE, spec="a")
    assert beginning(mark, watched(changed=START + 20 * MINUTE)) == mark.up_to
    assert beginning(mark, watched(spec="b", changed=START + 20 * MINUTE)) == START + 20 * MINUTE
    assert beginning(mark, watched(spec="b", changed=START)) == mark.up_to


@given(
    st.integers(1, 13),
    st.integers(1, 13),
    st.lists(st.integers(1, 40), min_size=2, max_size=8),
    st.integers(0, 300),
)
def test_a_changed_cron_loses_no_nominal_time_and_adds_none(old: int, new: int, steps: list[int], changed: int) -> None:
    """Every so many minutes, then every so many others; the change falls anywhere between two audits, or into one."""
    change = START + changed * MINUTE + MINUTE / 2
    first, second = ([START + each * minute * MINUTE for minute in range(1, 600)] for each in (old, new))
    mark: AuditMark | None = None
    now, seen = START, list[DueRun]()
    for step in steps:
        now += step * MINUTE
        # The audit is for the nominal time `now`; it looks a moment later, when the change may have been made.
        is_changed = change <= now + MINUTE
        schedule = watched(spec="b" if is_changed else "a", changed=change if is_changed else START)
        listed = second if is_changed else first
        after = beginning(mark, schedule)
        known = [at for at in listed if after < at <= now]
        ahead = [at for at in listed if now < at], listed[-1]
        mark = continued(mark, schedule, known, now, ahead=ahead if looks_ahead(mark, schedule, now) else None)
        seen += mark.open
        mark = mark.model_copy(update={"open": ()})
    assert mark is not None
    expected = [at for at in first if at <= min(mark.up_to, change)]
    expected += [at for at in second if change < at <= mark.up_to]
    # A first audit that finds the change made never saw the expression before.
    if START + steps[0] * MINUTE + MINUTE >= change:
        expected = [at for at in second if START < at <= mark.up_to]
    assert [due.nominal for due in seen] == expected
    assert all(due.nominal <= change for due in seen if due.dropped)


def test_what_a_change_drops_is_recorded_at_once_and_not_after_the_catch_up_window() -> None:
    mark = AuditMark(job="cleanup", up_to=START, spec="a", ahead=(START + MINUTE, START + 9 * MINUTE))
    changed = watched(spec="b", changed=START + 5 * MINUTE)
    assert left_behind(mark, changed) == (START + MINUTE,)
    [due] = continued(mark, changed, [], START + 6 * MINUTE).open
    assert (due.nominal, due.dropped) == (START + MINUTE, True)
    at = START + 2 * MINUTE + GRACE
    record = Auditor(changed, at, GRACE, at).record(due, None, ())
    assert record is not None
    assert record.state == MISSED
    waiting = due.model_copy(update={"dropped": False})
    assert Auditor(changed, at, GRACE, at).record(waiting, None, ()) is None


def test_what_an_earlier_audit_left_open_stays_open_and_a_pause_is_remembered() -> None:
    first = continued(None, watched(paused=True), [START + MINUTE], START + 2 * MINUTE)
    assert (first.open, first.paused) == ((DueRun(nominal=START + MINUTE, paused=True),), True)
    # Resumed between the audits: nobody knows when.
    second = continued(first, watched(), [START + 3 * MINUTE], START + 4 * MINUTE)
    assert [due.paused for due in second.open] == [True, True]
    third = continued(second, watched(), [START + 5 * MINUTE], START + 6 * MINUTE)
    assert [due.paused for due in third.open] == [True, True, False]


STATES = [RAN, LATE, FAILED, MISSED, PAUSED, OVERLAP, NO_WORKER]


@pytest.mark.parametrize("new", STATES)
@pytest.mark.parametrize("old", STATES)
def test_a_record_only_gets_better(old: str, new: str) -> None:
    assert improves(new, old) == (new in DONE and old not in DONE)


def test_what_is_ahead_is_listed_anew_when_it_runs_out_or_the_expression_has_changed() -> None:
    listed = [START + hour * 60 * MINUTE for hour in range(1, 15)]
    assert looks_ahead(None, watched(), START)
    mark = continued(None, watched(), [], START, ahead=(listed, listed[-1]))
    assert not looks_ahead(mark, watched(), START)
    later = continued(mark, watched(), listed[:1], listed[0])
    assert (list(later.ahead), later.ahead_to) == (listed[1:], listed[-1])
    assert looks_ahead(later, watched(), listed[2])
    assert looks_ahead(mark, watched(spec="b"), START)
