"""Whether what the workers are there for still happens (SPEC H3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from relance.domain.alerts.model import AlertEvent, AlertRecord, AlertState, HistoryEntry, Rule
from relance.domain.cycle.coverage import CycleState, Gap, Uncovered
from relance.domain.failures import Severity
from relance.domain.health import watchdog
from relance.domain.health.watchdog import DuePlans, EffectState, Patience

NOW = datetime(2026, 11, 5, 17, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FIVE = 5 * MINUTE
PATIENCE = Patience(mails=FIVE, jobs=2 * MINUTE, running=60 * MINUTE, alerts=20 * MINUTE, tasks=2 * MINUTE)
DUE = DuePlans("2026-11", 120, NOW - 30 * MINUTE)
HELD = DuePlans("2026-10", 7, NOW - 90 * MINUTE, held_by="ann")
FINE, STOPPED = EffectState.FINE, EffectState.STOPPED


@pytest.mark.parametrize(
    ("due", "last_mail", "expected"),
    [
        ([], None, FINE),
        ([DUE], NOW - MINUTE, FINE),
        ([DUE], NOW - FIVE, FINE),
        ([DUE], NOW - 6 * MINUTE, STOPPED),
        ([DUE], None, STOPPED),
        ([HELD], None, EffectState.HELD),
        ([HELD, DUE], None, STOPPED),
    ],
)
def test_mails_have_stopped_when_plans_are_due_and_none_is_accepted(
    due: list[DuePlans], last_mail: datetime | None, expected: EffectState
) -> None:
    effect = watchdog.mails(due, last_mail, NOW, FIVE)
    assert effect.state is expected
    assert effect.since == (DUE.earliest if expected is STOPPED else None)


def test_what_is_said_about_mails_names_how_many_plans_and_since_when_none_went_out() -> None:
    said = watchdog.mails([DUE, HELD], NOW - 42 * MINUTE, NOW, FIVE).detail
    assert said == "120 plans are due and the last mail was accepted 42 min ago"


@pytest.mark.parametrize(
    ("late", "recorded", "running", "expected"),
    [
        (MINUTE, True, False, FINE),
        (MINUTE, False, False, STOPPED),
        (30 * MINUTE, False, True, FINE),
        (61 * MINUTE, False, True, STOPPED),
        (61 * MINUTE, True, True, FINE),
    ],
)
def test_a_job_has_stopped_when_its_newest_nominal_time_left_no_record_and_no_run_is_at_it(
    late: timedelta, recorded: bool, running: bool, expected: EffectState
) -> None:
    nominal = NOW - late
    effect = watchdog.job("health", nominal, NOW, PATIENCE, recorded=recorded, running=running)
    assert (effect.what, effect.state) == ("job health", expected)
    assert effect.since == (nominal if expected is STOPPED else None)


def test_a_job_that_was_not_due_yet_is_fine() -> None:
    assert watchdog.job("cleanup", None, NOW, PATIENCE, recorded=False, running=False).state is FINE


@pytest.mark.parametrize(
    ("workers", "oldest", "expected"),
    [(2, timedelta(0), FINE), (2, 3 * MINUTE, STOPPED), (0, timedelta(0), STOPPED), (0, 3 * MINUTE, STOPPED)],
)
def test_a_queue_has_stopped_when_work_waits_or_nobody_asks_for_it(
    workers: int, oldest: timedelta, expected: EffectState
) -> None:
    assert watchdog.tasks("relance-mail", workers, oldest, NOW, 2 * MINUTE).state is expected


def alert(
    age: timedelta,
    *events: AlertEvent,
    severity: Severity = Severity.HIGH,
    state: AlertState = AlertState.FIRING,
    rule: str = Rule.NO_DATA,
) -> AlertRecord:
    fired = NOW - age
    history = tuple(HistoryEntry(at=fired, event=event) for event in (AlertEvent.OPENED, *events))
    return AlertRecord(
        id="a",
        key=f"{rule}/x",
        group=rule,
        rule=rule,
        subject="x",
        severity=severity,
        state=state,
        fired_at=fired,
        updated_at=fired,
        history=history,
    )


HOUR = 60 * MINUTE


@pytest.mark.parametrize(
    ("open_", "expected"),
    [
        ([], FINE),
        ([alert(HOUR)], STOPPED),
        ([alert(19 * MINUTE)], FINE),
        ([alert(HOUR, AlertEvent.SENT)], FINE),
        ([alert(HOUR, AlertEvent.SUPPRESSED)], FINE),
        ([alert(HOUR, AlertEvent.SEEN_AGAIN, AlertEvent.WORSENED)], STOPPED),
        ([alert(HOUR, severity=Severity.LOW)], FINE),
        ([alert(HOUR, state=AlertState.SILENCED)], FINE),
        ([alert(HOUR), alert(HOUR, AlertEvent.SENT, rule=Rule.EVERFLOW_DOWN)], FINE),
    ],
)
def test_alerts_have_stopped_when_nobody_was_told_of_one(open_: list[AlertRecord], expected: EffectState) -> None:
    assert watchdog.alerts(open_, NOW, 20 * MINUTE).state is expected


@pytest.mark.parametrize("gap", list(Gap))
def test_a_period_that_is_not_looked_after_has_stopped_and_says_what_to_do(gap: Gap) -> None:
    [effect] = watchdog.periods([Uncovered("2026-12", gap, 7, CycleState.TIMED_OUT)])
    assert (effect.what, effect.state) == ("period 2026-12", STOPPED)
    by_command = gap not in {Gap.NO_PLANS, Gap.WITHOUT_PLAN}
    assert ("`starter.py start cycle --period 2026-12`" if by_command else "worker serves") in effect.detail


def test_periods_that_are_looked_after_are_one_effect() -> None:
    assert [one.state for one in watchdog.periods([])] == [FINE]
