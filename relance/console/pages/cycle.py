"""One *cycle*: how far it is, its waves, its outcomes beside the month before, and its control (SPEC C11, C13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from relance import ids
from relance.console.answers import or_away
from relance.console.cycle_actions import ACTIONS, allowed, known_period, may_run
from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import COUNT_EVERY_S, ConsolePage, Params, Region
from relance.domain.cycle.coverage import CycleState
from relance.domain.cycle.report import FAILED, MEASURED, SKIPPED
from relance.ports.console import Topic
from relance.services.cycle_statistics import balance_period, final_statistics, report_of
from relance.temporal.wave_listing import waves

WAVES_SHOWN: Final = 30
_ORDER: Final = {"sent": 0, SKIPPED: 1, FAILED: 2, "uncertain": 3, "cancelled": 4, "eligible": 6}


async def _progress(needs: ConsoleNeeds, params: Params) -> Mapping[str, Any]:
    period = await known_period(needs, params)
    found = await needs.watchers.look(period)
    fate, away = await or_away(needs.watchers.fate(period))
    runs = fate.state is CycleState.RUNNING if fate is not None else None
    now, pace = found if found is not None else (None, None)
    return {"period": period, "runs": runs, "now": now, "pace": pace, "away": away}


async def _control(needs: ConsoleNeeds, params: Params) -> Mapping[str, Any]:
    period = params["period"]
    fate, away = await or_away(needs.watchers.fate(period))
    control = await needs.data.controls.get(period)
    return {
        "period": period,
        "away": away,
        "path": f"/console/cycle/{period}",
        "control": control,
        "allowed": allowed(control.state, runs=may_run(fate)),
        "workflow": ids.cycle_workflow_id(period),
        "temporal_web": needs.temporal_link(ids.cycle_workflow_id(period)),
    }


async def _outcomes(needs: ConsoleNeeds, params: Params) -> Mapping[str, Any]:
    period, data = params["period"], needs.data
    stored = await data.job_runs.statistics(period)
    if stored is None or stored.open or stored.plans_open:
        # The workflow's own word on rates comes with the end; the counts are of now.
        balanced = await balance_period(data.ledger, data.plans, period)
        stored = await final_statistics(balanced, needs.clock.now(), data.job_runs, data.quarantine)
    report = report_of(stored)
    counts = [change for change in report.changes if change.figure not in MEASURED]
    return {
        "report": report,
        "statistics": stored,
        "counts": sorted(counts, key=lambda change: (_ORDER[_group(change.figure)], -change.now, change.figure)),
        "measured": [change for change in report.changes if change.figure in MEASURED],
        "reminders": await data.ledger.reminder_outcomes(period),
    }


async def _waves(needs: ConsoleNeeds, params: Params) -> Mapping[str, Any]:
    period, known = params["period"], needs.watchers.waves
    found = await needs.answers.of(
        ("waves", period), lambda: waves(needs.client, period, limit=WAVES_SHOWN, known=known)
    )
    links = {line.run_id: needs.temporal_link(line.workflow_id, line.run_id) for line in found}
    return {"waves": found, "links": links, "most": WAVES_SHOWN}


def _group(figure: str) -> str:
    return next((prefix for prefix in (SKIPPED, FAILED) if figure.startswith(prefix)), figure)


PAGE = ConsolePage(
    name="cycle",
    path="/cycle/{period}",
    template="cycle/page.html",
    regions=(
        Region("progress", "now/cycle.html", _progress, frozenset({Topic.CONTROL}), every=COUNT_EVERY_S),
        Region("control", "cycle/control.html", _control, frozenset({Topic.CONTROL}), every=5.0),
        Region("outcomes", "cycle/outcomes.html", _outcomes, frozenset({Topic.CONTROL, Topic.JOBS}), every=5.0),
        Region("waves", "cycle/waves.html", _waves, frozenset({Topic.CONTROL}), every=2.0),
    ),
    actions=ACTIONS,
    in_navigation=False,
    section="cycles",
)
