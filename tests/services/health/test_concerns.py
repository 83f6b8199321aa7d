"""A probe that looks at several things: each of them has an alert of its own (SPEC H2)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from relance.domain.alerts.model import Rule
from relance.domain.cycle.coverage import CycleState, Gap
from relance.domain.failures import Severity
from relance.domain.health.probes import ProbeName
from relance.domain.health.status import Concern, Health, Trouble
from relance.errors import DependencyUnavailable
from tests.services.health.conftest import Ward

NOVEMBER, DECEMBER = "2026-11", "2026-12"
NO_CYCLE = Concern(code=Gap.NO_CYCLE)
UNPLANNED = Concern(code=Gap.WITHOUT_PLAN, count=7)


async def subjects(ward: Ward) -> list[str]:
    return sorted(alert.subject for alert in await ward.data.alerts.open(Rule.PERIOD))


async def test_each_subject_is_told_and_ended_on_its_own(ward: Ward) -> None:
    rounds = [
        await ward.concerned(one)
        for one in (
            {},
            {NOVEMBER: UNPLANNED},
            {NOVEMBER: UNPLANNED},
            {NOVEMBER: UNPLANNED, DECEMBER: NO_CYCLE},
            {NOVEMBER: UNPLANNED, DECEMBER: NO_CYCLE},
            {DECEMBER: NO_CYCLE},
            {},
            {},
        )
    ]
    # The second one is told at its first look: that something is wrong is certain by then.
    assert ward.told() == [(Rule.PERIOD, *one) for one in ((1, 0), (1, 0), (0, 1), (0, 1))]
    news = [(list(one.firings), list(one.gone)) for _, one in ward.groups.conditions]
    assert [one.key for one in news[1][0]] == [f"{Rule.PERIOD}/{DECEMBER}"]
    assert news[2:] == [([], [f"{Rule.PERIOD}/{NOVEMBER}"]), ([], [f"{Rule.PERIOD}/{DECEMBER}"])]
    counts = [(one.counts["fired"], one.counts["over"]) for one in rounds]
    assert counts == [(0, 0), (0, 0), (1, 0), (1, 0), (0, 0), (0, 1), (0, 1), (0, 0)]


async def test_the_alert_of_a_subject_follows_what_is_wrong_with_it(ward: Ward) -> None:
    ended = Concern(code=Gap.ENDED_BY_HAND, count=5, reason=CycleState.TERMINATED)
    labels = []
    for concern in (ended, ended, NO_CYCLE):
        await ward.concerned({DECEMBER: concern})
        labels += [alert.labels for alert in await ward.data.alerts.open(Rule.PERIOD)]
    assert [(one["detail"], one["reason"]) for one in labels] == [
        (Gap.ENDED_BY_HAND, CycleState.TERMINATED),
        (Gap.NO_CYCLE, ""),
    ]


async def test_what_is_wrong_is_in_the_evidence(ward: Ward) -> None:
    for _ in range(2):
        await ward.concerned({DECEMBER: UNPLANNED})
    [alert] = await ward.data.alerts.open(Rule.PERIOD)
    assert (alert.severity, alert.subject, alert.evidence.value) == (Severity.CRITICAL, DECEMBER, Decimal(7))


async def test_a_look_that_fails_ends_nothing_and_is_told_if_nothing_else_was(ward: Ward) -> None:
    for _ in range(2):
        await ward.round([(ProbeName.PERIODS, Trouble.ERROR)])
    assert await subjects(ward) == [ProbeName.PERIODS]
    for _ in range(2):
        await ward.concerned({DECEMBER: NO_CYCLE})
    assert (await ward.standing(ProbeName.PERIODS)).told_of == {DECEMBER: Gap.NO_CYCLE}
    told = len(ward.told())
    for _ in range(3):
        await ward.round([(ProbeName.PERIODS, Trouble.ERROR)])
    assert len(ward.told()) == told
    away = [(ProbeName.PERIODS, Trouble.UNREACHABLE), (ProbeName.TEMPORAL, Trouble.UNREACHABLE)]
    await ward.round(away)
    standing = await ward.standing(ProbeName.PERIODS)
    assert (standing.state, standing.told_of) == (Health.UNHEALTHY, {DECEMBER: Gap.NO_CYCLE})


async def test_whoever_dies_before_people_are_told_is_made_up_for(ward: Ward) -> None:
    await ward.concerned({DECEMBER: NO_CYCLE})
    ward.groups.failing = DependencyUnavailable("Temporal", "on demand")
    with pytest.raises(DependencyUnavailable):
        await ward.concerned({DECEMBER: NO_CYCLE})
    ward.groups.failing = None
    await ward.concerned({DECEMBER: NO_CYCLE})
    assert ward.told() == [(Rule.PERIOD, 1, 0)]


async def test_unreadable_documents_are_told_while_the_probe_is_no_worse_than_degraded(ward: Ward) -> None:
    async def look(**counts: tuple[str, int]) -> None:
        found = {name: Concern(code=newest, count=count) for name, (newest, count) in counts.items()}
        await ward.concerned(found, ProbeName.QUARANTINE)

    await look(users=("10:00", 1))
    await look(users=("10:00", 1))
    standing = await ward.standing(ProbeName.QUARANTINE)
    assert (standing.state, standing.told) == (Health.DEGRADED, True)
    await look(users=("10:00", 1), contacts=("10:05", 2))
    # A look that fails, with the database or alone, says nothing; it ends nothing either.
    await ward.round([(ProbeName.QUARANTINE, Trouble.TIMEOUT)])
    await ward.round([(ProbeName.QUARANTINE, Trouble.UNREACHABLE), (ProbeName.MONGODB, Trouble.UNREACHABLE)])
    await look(users=("10:00", 1), contacts=("10:05", 2))
    told = [(one, len(news.firings), len(news.gone)) for one, news in ward.groups.conditions]
    assert told == [(Rule.DOCUMENTS, 1, 0), (Rule.DOCUMENTS, 1, 0)]
    # New ones are handed on, for the group to decide whether that is worth a message; fewer of them end nothing.
    await look(users=("10:30", 2), contacts=("10:05", 1))
    assert [one.value for one in ward.groups.conditions[-1][1].firings] == [Decimal(2)]
    await look(contacts=("10:05", 1))
    await look()
    assert [news.gone for _, news in ward.groups.conditions[-2:]] == [
        (f"{Rule.DOCUMENTS}/users",),
        (f"{Rule.DOCUMENTS}/contacts",),
    ]
    assert (await ward.standing(ProbeName.QUARANTINE)).state is Health.HEALTHY
