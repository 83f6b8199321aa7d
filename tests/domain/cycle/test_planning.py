from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from relance.domain.cycle.planning import Planner, PlanReason, PlanStatus, is_late, too_late
from relance.domain.cycle.send_times import Defaults
from tests.support.domain_people import SENT_AT, a_user

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def planner(at: datetime = SENT_AT - DAY, **given: Any) -> Planner:
    standard: dict[str, Any] = {
        "period": "2026-11",
        "defaults": Defaults(5, "18:00", "Europe/Paris"),
        "max_late": 7 * DAY,
        "opening": False,
        "send_now": False,
        "not_before": None,
    }
    return Planner(at=at, **{**standard, **given})


def test_a_plan_holds_the_instant_and_where_it_comes_from() -> None:
    plan = planner().plan(a_user(send_day=31, send_time="18:00", timezone="Mars/Base"))
    assert (plan.id, plan.status, plan.reason, plan.late) == ("2026-11.u1", PlanStatus.PLANNED, None, False)
    assert (plan.local, plan.zone) == ("2026-11-30T18:00", "Europe/Paris")
    assert plan.notes == ("zone_unknown", "day_clamped")
    assert planner().plan(a_user()).instant == SENT_AT


@pytest.mark.parametrize(
    ("at", "given", "status", "reason", "late"),
    [
        (SENT_AT, {}, PlanStatus.PLANNED, None, False),
        (SENT_AT + HOUR, {}, PlanStatus.SKIPPED, PlanReason.JOINED_LATER, False),
        (SENT_AT + HOUR, {"opening": True}, PlanStatus.PLANNED, None, False),
        (SENT_AT + 2 * HOUR, {"opening": True}, PlanStatus.PLANNED, None, True),
        (SENT_AT + 7 * DAY, {"opening": True}, PlanStatus.PLANNED, None, True),
        (SENT_AT + 8 * DAY, {"opening": True}, PlanStatus.SKIPPED, PlanReason.TOO_LATE, False),
        (SENT_AT + 8 * DAY, {}, PlanStatus.SKIPPED, PlanReason.JOINED_LATER, False),
        (SENT_AT + HOUR, {"not_before": SENT_AT + HOUR, "opening": True}, PlanStatus.SKIPPED, PlanReason.BEFORE_START,
         False),
        (SENT_AT - HOUR, {"not_before": SENT_AT}, PlanStatus.PLANNED, None, False),
        (SENT_AT + 8 * DAY, {"send_now": True}, PlanStatus.PLANNED, None, False),
    ],
)  # fmt: skip
def test_a_passed_send_time_is_made_up_for_or_skipped_with_its_reason(
    at: datetime, given: dict[str, Any], status: PlanStatus, reason: PlanReason | None, late: bool
) -> None:
    plan = planner(at, **given).plan(a_user())
    assert (plan.status, plan.reason, plan.late) == (status, reason, late)


@pytest.mark.parametrize(
    ("late_by", "status", "reason", "late"),
    [
        (HOUR, PlanStatus.PLANNED, None, False),
        (7 * DAY, PlanStatus.PLANNED, None, True),
        (8 * DAY, PlanStatus.SKIPPED, PlanReason.TOO_LATE, False),
    ],
)
def test_who_was_planned_before_has_not_joined_later_but_was_missed_by_us(
    late_by: timedelta, status: PlanStatus, reason: PlanReason | None, late: bool
) -> None:
    plan = planner(SENT_AT + late_by).plan(a_user(), known=True)
    assert (plan.status, plan.reason, plan.late) == (status, reason, late)


def test_sending_now_takes_the_present_instant() -> None:
    assert planner(SENT_AT + 2 * DAY, send_now=True).plan(a_user()).instant == SENT_AT + 2 * DAY


def test_late_begins_after_an_hour_and_giving_up_after_the_limit() -> None:
    assert [is_late(SENT_AT, SENT_AT + late) for late in (timedelta(0), HOUR, HOUR + DAY)] == [False, False, True]
    assert [too_late(SENT_AT, SENT_AT + late, DAY) for late in (DAY, DAY + HOUR)] == [False, True]
