from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from relance.domain.cycle.send_times import period_window
from relance.domain.jobs.retention import Retention, RetentionStage, Sweep, Unsettled, held_counts
from relance.settings.retention import RetentionGroup

ENDED = period_window("2026-05")[1]
RETENTION = Retention(timedelta(days=90), timedelta(days=400))


@pytest.mark.parametrize(
    ("days", "stage"),
    [
        (-30, RetentionStage.KEPT),
        (89, RetentionStage.KEPT),
        (90, RetentionStage.ANONYMOUS),
        (399, RetentionStage.ANONYMOUS),
        (400, RetentionStage.DELETED),
    ],
)
def test_a_period_ages_from_its_end(days: int, stage: RetentionStage) -> None:
    assert RETENTION.stage("2026-05", ENDED + timedelta(days=days)) is stage


def test_periods_that_are_deleted_before_they_would_be_anonymous_are_deleted() -> None:
    short = Retention(anonymous_after=timedelta(days=90), cycles=timedelta(days=60))
    assert short.stage("2026-05", ENDED + timedelta(days=70)) is RetentionStage.DELETED


def test_every_sweep_goes_by_period_or_has_an_age() -> None:
    policy = RetentionGroup().policy(timedelta(days=400))
    now = datetime(2026, 11, 22, tzinfo=UTC)
    for sweep in Sweep:
        if sweep.stage is None:
            assert policy.cutoff(sweep, now) <= now - timedelta(days=7)
    assert {sweep for sweep in Sweep if sweep.stage is None} == policy.ages.keys()


def test_a_period_is_not_at_rest_for_reasons_with_names() -> None:
    assert Unsettled().reasons == ()
    assert Unsettled(plans=1, mails=2, timers=3, doubts=4).reasons == (
        "plans_open",
        "mails_open",
        "follow_ups_live",
        "doubts_open",
    )


def test_periods_that_were_left_alone_are_counted_by_reason() -> None:
    assert held_counts([]) == {"periods_held": 0}
    assert held_counts([("plans_open", "doubts_open"), ("doubts_open",)]) == {
        "periods_held": 2,
        "held_plans_open": 1,
        "held_doubts_open": 2,
    }
