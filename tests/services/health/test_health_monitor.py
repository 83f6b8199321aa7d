from __future__ import annotations

from decimal import Decimal

import pytest

from relance.domain.alerts.model import AlertEvent, HistoryEntry, Rule
from relance.domain.health.probes import ProbeName
from relance.domain.health.status import Health, ProbeStatus, Trouble
from relance.errors import DependencyUnavailable
from relance.services.conditions import EVERFLOW, everflow_down
from relance.settings.everflow import Everflow
from tests.services.health.conftest import Ward

MEMORY, MONGODB = ProbeName.MEMORY, ProbeName.MONGODB


async def test_an_outage_is_told_once_and_its_end_once_however_long_it_lasts(ward: Ward) -> None:
    for value in (100, 600, 600, 600, 600, 600, 100, 100, 100, 100):
        await ward.round([(MEMORY, value)])
    assert ward.told() == [(Rule.MEMORY, 1, 0), (Rule.MEMORY, 0, 1)]


async def test_an_alert_names_the_figure_its_limit_and_whose_it_is(ward: Ward) -> None:
    for value in (600, 650.26):
        await ward.round([(MEMORY, value)])
    (alert,) = await ward.data.alerts.open()
    assert (alert.rule, alert.subject) == (Rule.MEMORY, MEMORY)
    assert (alert.evidence.value, alert.evidence.threshold) == (Decimal("650.3"), Decimal("512.0"))
    assert alert.labels == {"detail": "host:1", "unit": "MiB"}


async def test_what_could_not_be_looked_at_is_named_by_its_trouble(ward: Ward) -> None:
    for _ in range(2):
        await ward.round([(ProbeName.MAIL_RELAY, Trouble.TIMEOUT)])
    (alert,) = await ward.data.alerts.open()
    assert (alert.labels["trouble"], alert.evidence.value) == ("timeout", None)


async def test_what_hangs_on_a_server_that_is_away_is_unknown_and_told_by_nobody(ward: Ward) -> None:
    dependent = (ProbeName.WORKERS, ProbeName.QUEUES, ProbeName.STUCK, ProbeName.MISSED_ACTIONS)
    for _ in range(3):
        away = [(ProbeName.TEMPORAL, Trouble.UNREACHABLE), *((one, Trouble.UNREACHABLE) for one in dependent)]
        judgement = await ward.round(away)
    assert [alert.rule for alert in await ward.data.alerts.open()] == [Rule.TEMPORAL]
    assert judgement.counts["unknown"] == len(dependent)


async def test_everything_stands_in_the_database_with_its_newest_looks(ward: Ward) -> None:
    await ward.round([(MEMORY, 100), (MONGODB, 12)])
    await ward.round([(MEMORY, 600), (MONGODB, 13)])
    memory = await ward.standing(MEMORY)
    assert (memory.state, memory.value, memory.unit, memory.detail) == (Health.DEGRADED, 600, "MiB", "host:1")
    assert [look.value for look in memory.looks] == [100, 600]
    assert (await ward.standing(MONGODB)).state is Health.HEALTHY


async def test_a_round_that_changes_nothing_is_settled_and_one_that_may_is_not(ward: Ward) -> None:
    rounds = [await ward.round([(MEMORY, value)]) for value in (100, 600, 600, 600, 100, 100)]
    assert [one.settled for one in rounds] == [True, False, True, True, False, True]
    assert [(one.fired, one.cleared) for one in rounds] == [
        ([], []),
        ([], []),
        ([MEMORY], []),
        ([], []),
        ([], []),
        ([], [MEMORY]),
    ]


async def test_whoever_dies_between_the_state_and_the_alert_is_made_up_for_by_the_next_round(ward: Ward) -> None:
    await ward.round([(MEMORY, 600)])
    ward.groups.failing = DependencyUnavailable("Temporal", "on demand")
    with pytest.raises(DependencyUnavailable):
        await ward.round([(MEMORY, 600)])
    assert (await ward.standing(MEMORY)).state is Health.UNHEALTHY
    assert not (await ward.standing(MEMORY)).told
    ward.groups.failing = None
    await ward.round([(MEMORY, 600)])
    assert (await ward.standing(MEMORY)).told
    assert ward.told() == [(Rule.MEMORY, 1, 0)]


async def test_everflow_being_down_is_the_alert_that_its_checks_raise_too(ward: Ward) -> None:
    await ward.alerts.fire([everflow_down(Everflow().rules)])
    for _ in range(3):
        await ward.round([(ProbeName.EVERFLOW, Trouble.UNREACHABLE)])
    (alert,) = await ward.data.alerts.open()
    assert (alert.rule, alert.subject) == (Rule.EVERFLOW_DOWN, EVERFLOW)


async def test_everflow_back_ends_what_a_check_has_raised(ward: Ward) -> None:
    await ward.alerts.fire([everflow_down(Everflow().rules)])
    for _ in range(2):
        await ward.round([(ProbeName.EVERFLOW, 30.0)])
    assert ward.told()[-1] == (Rule.EVERFLOW_DOWN, 0, 1)
    entry = HistoryEntry(at=ward.clock.now(), event=AlertEvent.RESOLVED)
    await ward.data.alerts.record({"everflow-down/everflow": [entry]})
    told = len(ward.told())
    await ward.round([(ProbeName.EVERFLOW, 30.0)])
    assert len(ward.told()) == told


async def test_a_refused_key_or_a_slow_answer_of_everflow_is_shown_and_not_told(ward: Ward) -> None:
    for value in (Trouble.REFUSED, 9_000.0, Trouble.REFUSED):
        await ward.round([(ProbeName.EVERFLOW, value)])
    assert (await ward.standing(ProbeName.EVERFLOW)).state is Health.DEGRADED
    assert ward.told() == []


async def test_a_state_of_a_later_version_is_set_aside_and_the_probe_begins_anew(ward: Ward) -> None:
    await ward.data.raw.healthChecks.insert_one({"_id": MEMORY, "state": "tired"})
    await ward.round([(MEMORY, 100)])
    standing: ProbeStatus = await ward.standing(MEMORY)
    assert standing.state is Health.HEALTHY
