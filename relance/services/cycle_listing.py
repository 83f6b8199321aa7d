"""Which periods there are, and how each stands, in a line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from relance.contracts.cycle import CycleStatistics
from relance.domain.cycle.control import VERBS, ControlState
from relance.domain.cycle.coverage import CycleFate, CycleState
from relance.domain.cycle.send_times import LAST_YEAR
from relance.services.cycle_statistics import balance_period
from relance.services.cycle_watching import WatchedData

LAST = f"{LAST_YEAR}-12"


@dataclass(frozen=True, slots=True)
class CycleLine:
    """How a cycle stands; `state` in a word or two, `balanced_at` when it was counted, None for just now.

    `workflow` is None while nobody can tell.
    """

    period: str
    state: str
    workflow: CycleState | None
    control: ControlState
    plans_open: int
    sent: int
    skipped: int
    failed: int
    uncertain: int
    cancelled: int
    open: int
    balanced_at: datetime | None


async def known_periods(data: WatchedData, most: int) -> list[str]:
    """Return the periods that have a report or plans, newest first."""
    stored = [cycle.period for cycle in await data.job_runs.cycles(LAST, most)]
    return sorted({*stored, *await data.plans.periods()}, reverse=True)


async def cycle_line(fate: CycleFate | None, data: WatchedData, period: str) -> CycleLine:
    """Return how a period's cycle stands; what is over and balanced is not counted anew.

    `fate` is what the server knows of it, None while it does not answer.
    """
    workflow = fate.state if fate is not None else None
    statistics = await data.job_runs.statistics(period)
    if statistics is None or statistics.open or statistics.plans_open:
        statistics = await balance_period(data.ledger, data.plans, period)
    control = await data.controls.get(period)
    return CycleLine(
        period=period,
        state=_state(workflow, control.state, statistics),
        workflow=workflow,
        control=control.state,
        plans_open=statistics.plans_open,
        sent=statistics.sent,
        skipped=sum(statistics.skipped.values()),
        failed=sum(statistics.failed.values()),
        uncertain=statistics.uncertain,
        cancelled=statistics.cancelled,
        open=statistics.open,
        balanced_at=statistics.at,
    )


def _state(workflow: CycleState | None, control: ControlState, statistics: CycleStatistics) -> str:
    if control is not ControlState.RUNNING:
        return VERBS[control]
    if workflow is CycleState.RUNNING:
        return "open"
    if workflow is None:
        return "not known"
    left = statistics.open or statistics.plans_open
    return f"ended with something left ({workflow})" if left else "done"
