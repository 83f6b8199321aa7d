"""*Now*: the running cycle, what comes next, how everything fares, what is open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import COUNT_EVERY_S, ConsolePage, Params, Region
from relance.domain.health.status import Health
from relance.errors import DependencyUnavailable
from relance.ports.console import Topic
from relance.temporal.errors import NAME
from relance.temporal.schedules import ScheduleLine, lines

NEXT_SHOWN = 6
ALERTS_SHOWN = 8
_WORST_FIRST = (Health.UNHEALTHY, Health.UNKNOWN, Health.DEGRADED, Health.HEALTHY)


async def _cycle(needs: ConsoleNeeds, _: Params) -> Mapping[str, Any]:
    period, runs = await needs.watchers.current()
    found = await needs.watchers.look(period) if period is not None else None
    now, pace = found if found is not None else (None, None)
    return {"period": period, "runs": runs, "now": now, "pace": pace, "away": NAME if runs is None else None}


async def _next(needs: ConsoleNeeds, _: Params) -> Mapping[str, Any]:
    period, runs = await needs.watchers.current()
    wave, schedules, away = None, [], None
    try:
        progress = await needs.watchers.progress(period) if period is not None and runs else None
        wave = progress.next_wave if progress is not None else None
        schedules = await needs.answers.of("schedules", lambda: lines(needs.client, needs.settings))
    except DependencyUnavailable as error:
        away = error.dependency
    if away is not None and period is not None:
        coming = await needs.data.plans.next_instant(period)
        wave = coming[0] if coming is not None else None
    return {
        "period": period,
        "away": away,
        "wave": wave,
        "schedules": sorted(filter(_comes, schedules), key=lambda line: line.next_times[0])[:NEXT_SHOWN],
        "paused": [line for line in schedules if line.paused],
        "absent": [line for line in schedules if not line.present],
    }


def _comes(line: ScheduleLine) -> bool:
    return bool(line.next_times) and not line.paused


async def _health(needs: ConsoleNeeds, _: Params) -> Mapping[str, Any]:
    statuses = (await needs.data.health_checks.all()).values()
    ordered = sorted(statuses, key=lambda status: (_WORST_FIRST.index(status.state), status.probe))
    return {
        "statuses": ordered,
        "well": sum(status.state is Health.HEALTHY for status in ordered),
        "at": max((status.at for status in ordered), default=None),
    }


async def _alerts(needs: ConsoleNeeds, _: Params) -> Mapping[str, Any]:
    found = await needs.data.alerts.open()
    newest = sorted(found, key=lambda alert: alert.fired_at, reverse=True)
    return {"alerts": newest[:ALERTS_SHOWN], "more": max(0, len(newest) - ALERTS_SHOWN)}


PAGE = ConsolePage(
    name="now",
    path="/now",
    template="now/page.html",
    regions=(
        Region("cycle", "now/cycle.html", _cycle, frozenset({Topic.CONTROL}), every=COUNT_EVERY_S),
        Region("next", "now/next.html", _next, frozenset({Topic.CONTROL, Topic.JOBS}), every=30.0),
        Region("health", "now/health.html", _health, frozenset({Topic.HEALTH})),
        Region("alerts", "now/alerts.html", _alerts, frozenset({Topic.ALERTS})),
    ),
)
