"""`cycle list`: which periods there are, and how each stands."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Group

from relance.cli.base.command import Run
from relance.cli.base.output import Answer, table
from relance.cli.base.resources import Repositories
from relance.contracts.cycle import CycleStatistics
from relance.domain.cycle.control import VERBS, ControlState
from relance.domain.cycle.coverage import CycleState
from relance.domain.cycle.send_times import LAST_YEAR
from relance.services.cycle_statistics import balance_period
from relance.temporal.cycles import TemporalCycles

SHOWN, MOST = 12, 120
LAST = f"{LAST_YEAR}-12"
COLUMNS = (
    *("period", "state", "users waiting", "sent", "skipped", "failed", "uncertain", "cancelled", "open", "balance of"),
)


async def list_(
    run: Run,
    *,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=MOST, help="Most periods shown, the newest first.")
    ] = SHOWN,
) -> Answer:
    """Show the periods there are, newest first: whether each is open, what was sent, who stopped it."""
    client = await run.temporal()
    cycles = TemporalCycles(client)
    async with run.database() as database:
        stored = [cycle.period for cycle in await database.job_runs.cycles(LAST, MOST)]
        known = sorted({*stored, *await database.plans.periods()}, reverse=True)
        found = [await _line(cycles, database, period) for period in known[:limit]]
    if not found:
        said = "No cycle has been opened yet; `start cycle --dry-run` shows what this month's would send."
        return Answer({"cycles": [], "total": 0}, said)
    rows = [tuple(cycle[name] for name in _SHOWN) for cycle in found]
    parts: list[Any] = [table("Cycles (times in UTC)", COLUMNS, rows)]
    if len(known) > len(found):
        parts.append(f"… and {len(known) - len(found)} older: --limit shows them.")
    return Answer({"cycles": found, "total": len(known)}, Group(*parts))


_SHOWN = (
    *("period", "state", "plans_open", "sent", "skipped", "failed", "uncertain", "cancelled", "open", "balanced_at"),
)


async def _line(cycles: TemporalCycles, database: Repositories, period: str) -> dict[str, Any]:
    statistics = await database.job_runs.statistics(period)
    if statistics is None or statistics.open or statistics.plans_open:
        statistics = await balance_period(database.ledger, database.plans, period)
    control = await database.controls.get(period)
    fate = await cycles.fate(period)
    return {
        "period": period,
        "state": _state(fate.state, control.state, statistics),
        "workflow": fate.state,
        "control": control.state,
        "plans_open": statistics.plans_open,
        "sent": statistics.sent,
        "skipped": sum(statistics.skipped.values()),
        "failed": sum(statistics.failed.values()),
        "uncertain": statistics.uncertain,
        "cancelled": statistics.cancelled,
        "open": statistics.open,
        "balanced_at": statistics.at,
    }


def _state(workflow: CycleState, control: ControlState, statistics: CycleStatistics) -> str:
    """Return how a cycle stands, in a word or two."""
    if control is not ControlState.RUNNING:
        return VERBS[control]
    if workflow is CycleState.RUNNING:
        return "open"
    left = statistics.open or statistics.plans_open
    return f"ended with something left ({workflow})" if left else "done"
