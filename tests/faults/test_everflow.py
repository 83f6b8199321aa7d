"""The scenario `everflow`: its parts find what they are there to find, and a small size of it holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from relance.contracts.names import CheckName
from relance.devstack.chat.models import PostedMessage, Service
from tests.faults.everflow.checker import Judgement, Outcome, Seen, after_recovery, judge
from tests.faults.everflow.kinds import API_LIMIT, KINDS
from tests.faults.everflow.plan import plans
from tests.faults.everflow.truth import truth
from tests.faults.everflow.worlds import network

ON = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
LP, PAUSED = CheckName.DEFAULT_LP, CheckName.PAUSED_PARTNER
OWED = frozenset({("Summer Sale NL", "Partner Alpha", '"Default"', "63 clicks")})
ROW = 'Summer Sale NL · Partner Alpha · "Default" · 63 clicks'
ALERT = {
    "key": "default-lp/0.1.376",
    "rule": "default-lp",
    "subject": "0.1.376",
    "state": "firing",
    "labels": {"offer": "Summer Sale NL", "partner": "Partner Alpha", "landing_page": "Default"},
}
WITHOUT_DATA = {
    "key": "no-data/default-lp",
    "rule": "no-data",
    "subject": "default-lp",
    "state": "firing",
    "labels": {"check": "default-lp", "reason": "totals"},
}
RUN = {"job": "default-lp", "nominal": AT, "state": "late"}


def message(group: str, row: str = ROW) -> PostedMessage:
    body = {"text": f"[09:00 AM] Agent:\n\nTitle\n\nA sentence.\n• {row}\nMore?"}
    key = f"alert/{group}/{AT.isoformat()}/0"
    return PostedMessage(n=1, time=AT, service=Service.SLACK, path="/slack/x", key=key, headers={}, raw="", body=body)


def seen(*chat: PostedMessage, alerts: tuple[dict[str, Any], ...] = (), state: str = "late") -> Seen:
    keys = frozenset(one.key for one in chat)
    return Seen(chat, keys, alerts, [{**RUN, "state": state}], struck=1)


FOUND = seen(message("default-lp"), alerts=(ALERT,))
NO_DATA = seen(message("no-data", "Default LP"), alerts=(WITHOUT_DATA,), state="failed")
DOWN = seen(message("everflow-down", "x"), alerts=(WITHOUT_DATA,), state="failed")
NOTHING = seen()


def judged(run: Seen, *, owed: frozenset[tuple[str, ...]] = OWED, stays: bool = False) -> Judgement:
    return judge(LP, owed, run, stays=stays)


def test_the_truth_is_in_the_facts() -> None:
    world = network(ON, 7, finding=True, crowded=False)
    assert truth(LP, world, ON) == OWED
    assert truth(PAUSED, world, ON) == {("Partner Beta",)}
    calm = network(ON, 7, finding=False, crowded=False)
    assert truth(LP, calm, ON) == truth(PAUSED, calm, ON) == frozenset()


def test_a_crowded_network_has_more_rows_than_a_report_in_every_window() -> None:
    world = network(ON, 7, finding=False, crowded=True)
    by_page = {(fact.hour.date(), fact.partner, fact.offer) for fact in world.facts if fact.partner > API_LIMIT}
    days = Counter(day for day, _, _ in by_page)
    assert days[date(2026, 11, 19)] > API_LIMIT
    by_partner = {(day, partner) for day, partner, _ in by_page}
    for window in ((17, 18, 19), (10, 11, 12)):
        assert sum(day.day in window for day, _ in by_partner) > API_LIMIT


def test_half_of_the_runs_have_a_finding_and_half_of_the_faults_pass_if_they_can() -> None:
    every = list(plans(KINDS, 10, seed=1))
    for kind in KINDS:
        its = [plan for plan in every if plan.kind is kind]
        assert sum(plan.finding for plan in its) == sum(plan.check is LP for plan in its) == 5
        assert sum(plan.passes for plan in its) == (0 if kind.crowded else 5)
    assert list(plans(KINDS, 10, seed=1)) != list(plans(KINDS, 10, seed=2))


@pytest.mark.parametrize(
    ("run", "options", "outcome"),
    [
        (FOUND, {}, Outcome.RETRIED_SUCCESS),
        (NOTHING, {"owed": frozenset()}, Outcome.RETRIED_SUCCESS),
        (NO_DATA, {}, Outcome.NO_DATA),
        (NO_DATA, {"stays": True}, Outcome.NO_DATA),
        (DOWN, {"stays": True}, Outcome.NO_DATA),
    ],
)
def test_a_sound_run_is_told_by_its_outcome(run: Seen, options: dict[str, Any], outcome: Outcome) -> None:
    found = judged(run, **options)
    assert (found.outcome, found.false_alerts, found.others) == (outcome, (), ())


@pytest.mark.parametrize(
    ("run", "options"),
    [
        (NOTHING, {}),
        (NOTHING, {"stays": True}),
        (replace(NOTHING, job_runs=[{**RUN, "state": "failed"}]), {"owed": frozenset()}),
        (replace(FOUND, alerts=()), {}),
        (replace(FOUND, chat=(), inbox=frozenset()), {}),
        (replace(NO_DATA, alerts=()), {"stays": True}),
        (replace(NO_DATA, chat=(), inbox=frozenset()), {"stays": True}),
    ],
)
def test_silence_is_found(run: Seen, options: dict[str, Any]) -> None:
    assert judged(run, **options).missed


@pytest.mark.parametrize(
    ("run", "options", "false_alerts"),
    [
        (FOUND, {"owed": frozenset()}, 2),
        (FOUND, {"stays": True}, 2),
        (replace(FOUND, chat=(message("default-lp", ROW.replace("63", "126")),)), {}, 1),
        (replace(FOUND, chat=(*FOUND.chat, message("paused-partner", "Partner Half · −60%"))), {}, 1),
        (replace(NO_DATA, alerts=(WITHOUT_DATA, ALERT)), {"stays": True}, 1),
    ],
)
def test_a_business_alert_without_the_truth_behind_it_is_found(
    run: Seen, options: dict[str, Any], false_alerts: int
) -> None:
    assert len(judged(run, **options).false_alerts) == false_alerts


@pytest.mark.parametrize(
    ("run", "finding"),
    [
        (replace(FOUND, struck=0), "the fault never happened"),
        (replace(FOUND, job_runs=[RUN, RUN]), "2 job run records for one nominal time"),
        (replace(FOUND, job_runs=[]), "0 job run records for one nominal time"),
        (replace(FOUND, inbox=frozenset()), "the inbox has other messages than the chat"),
    ],
)
def test_whatever_else_is_wrong_is_named(run: Seen, finding: str) -> None:
    assert finding in judged(run).others


def test_two_messages_about_one_run_are_one_too_many() -> None:
    twice = replace(FOUND, chat=(*FOUND.chat, *FOUND.chat))
    assert judged(twice).others[0].startswith("2 messages")


def test_recovery_means_that_the_truth_is_told_and_nothing_is_left_open() -> None:
    over = {**WITHOUT_DATA, "state": "resolved"}
    assert after_recovery(LP, OWED, replace(FOUND, alerts=(ALERT, over))) == []
    assert after_recovery(LP, OWED, replace(FOUND, alerts=(ALERT, WITHOUT_DATA))) == [
        "after recovery still open: no-data/default-lp"
    ]
    assert after_recovery(LP, OWED, replace(FOUND, chat=())) == [f"after recovery not told: {next(iter(OWED))}"]
    assert len(after_recovery(LP, frozenset(), FOUND)) == 2
