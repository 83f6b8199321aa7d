"""`cycle pause`, `resume`, `cancel`: stores and signals the control, then waits for its effect (SPEC C11)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

import typer
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from relance.cli.alerts.silencing import read_author
from relance.cli.base.alert_service import alert_service
from relance.cli.base.command import Run
from relance.cli.base.confirming import YesOption, confirm
from relance.cli.base.output import Answer, cell
from relance.cli.base.periods import read_period
from relance.cli.base.resources import Repositories
from relance.cli.base.waiting import goes_on
from relance.cli.start.opening import cycle_handle
from relance.domain.cycle.control import VERBS, ControlState
from relance.errors import NotFound
from relance.runtime.process_exit import DONE, JOB_FAILED
from relance.services.cycle_control import ControlResult, CycleControl
from relance.services.cycle_decisions import CycleDecisions, Decision, by_whom, read_reason
from relance.temporal.cycles import TemporalCycles
from relance.temporal.decision_effect import PATIENCE, DecisionEffect
from relance.temporal.schedules import RPC_TIMEOUT
from relance.wording.summaries import counted

PeriodArgument = Annotated[str, typer.Argument(help="The month, YYYY-MM.", metavar="PERIOD")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept, and shown to whoever looks at the cycle.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who decides; the login's name by default.")]


async def pause(run: Run, period: PeriodArgument, *, reason: ReasonOption = "", by: ByOption = None) -> Answer:
    """Send nothing more of a cycle until it is resumed; mails in flight are finished and recorded."""
    return await _notify(run, period, ControlState.PAUSED, reason, by)


async def resume(run: Run, period: PeriodArgument, *, reason: ReasonOption = "", by: ByOption = None) -> Answer:
    """Let a paused cycle go on where it was; what the error gate has counted is forgotten."""
    return await _notify(run, period, ControlState.RUNNING, reason, by)


async def cancel(
    run: Run, period: PeriodArgument, *, reason: ReasonOption = "", by: ByOption = None, yes: YesOption = False
) -> Answer:
    """End a cycle for good: nothing more is sent, reminders of what was sent still are. Asks first, wants a reason."""
    return await _notify(run, period, ControlState.CANCELLED, reason, by, yes=yes)


async def _notify(
    run: Run, period: str, state: ControlState, reason: str, by: str | None, *, yes: bool = False
) -> Answer:
    decision = read_decision(period, reason, by, for_good=state.final)
    async with control_room(run) as room:
        await room.must_run(period, state)
        if state.final:
            waiting = await room.database.plans.open_count(period)
            what = f"this ends the cycle of {period} for good; {counted(waiting, 'user')} would not be written to"
            confirm(run, what, yes=yes)
        begun = time.monotonic()
        result = await room.decisions.decide(decision, state)
        held = f"It is stored all the same: every worker obeys as soon as it can; `cycle status {period}` shows it."
        with goes_on(run.out, held), run.out.pulse.about(f"every worker to obey, {PATIENCE:g} s at most"):
            seconds = await DecisionEffect(room.client, result.now).seconds(begun)
    data = {**control_data(result), "effective_s": round(seconds, 2) if seconds is not None else None}
    message = f"{control_words(result)} {effect_words(state, seconds)}"
    return Answer({**data, "message": message}, message, DONE if seconds is not None else JOB_FAILED)


def read_decision(period: str, reason: str, by: str | None, *, for_good: bool = False) -> Decision:
    """Return what a person decides; what is for good needs a reason.

    Raises:
        InvalidInput: the period is none, the reason missing or too long, or nobody is named.
    """
    read_period(period)
    return Decision(period, read_reason(reason, for_good=for_good), read_author(by))


@dataclass(frozen=True, slots=True)
class ControlRoom:
    """What is needed to change the control of a cycle."""

    client: Client
    database: Repositories
    decisions: CycleDecisions

    async def described(self, period: str) -> WorkflowExecutionDescription | None:
        """Return what the server says of a period's cycle, None if it does not know it."""
        try:
            return await cycle_handle(self.client, period).describe(rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return None

    async def must_run(self, period: str, state: ControlState) -> None:
        """Make sure that there is a cycle to control.

        Raises:
            NotFound: none runs; says whether it is over or was never opened.
        """
        found = await self.described(period)
        if found is not None and found.status is WorkflowExecutionStatus.RUNNING:
            return
        if state is ControlState.RUNNING and (await self.database.controls.get(period)).state is ControlState.PAUSED:
            # Its workflow was ended from outside; another one could not send before this.
            return
        if found is not None and found.status is not None:
            how = f"{found.status.name.lower()} {cell(found.close_time)}"
            raise NotFound(f"PERIOD: the cycle of {period} is over ({how}); nothing was changed")
        if await self.database.job_runs.statistics(period) is not None:
            raise NotFound(f"PERIOD: the cycle of {period} is over; `cycle report {period}` shows how it ended")
        raise NotFound(f"PERIOD: no cycle of {period} runs; open it with `start cycle --period {period}`")


@asynccontextmanager
async def control_room(run: Run) -> AsyncIterator[ControlRoom]:
    """Open what is needed to tell a cycle something; both servers first, so that it is not told by halves."""
    client, clock = await run.temporal(), run.services.clock
    async with run.database() as database:
        alerts = alert_service(run.settings, clock, client, database)
        control = CycleControl(database.controls, TemporalCycles(client), clock)
        yield ControlRoom(client, database, CycleDecisions(control, alerts))


def control_data(result: ControlResult) -> dict[str, object]:
    """Return what a cycle was told, for machines."""
    now = result.now
    known = {"period": now.id, "state": now.state.value, "changed": result.changed}
    return {**known, "by": now.by, "reason": now.reason, "at": now.at}


def control_words(result: ControlResult) -> str:
    """Return what a cycle was told, for people."""
    now = result.now
    already = "" if result.changed else " already"
    verb = "runs" if now.state is ControlState.RUNNING else f"is {VERBS[now.state]}"
    return f"The cycle of {now.id} {verb}{already}{by_whom(now)}."


def effect_words(state: ControlState, seconds: float | None) -> str:
    """Return how long it took, for people."""
    if seconds is None:
        return "It is stored, but not every worker has obeyed yet: look again, or see whether workers run (`doctor`)."
    return f"Effective in {seconds:.1f} s" + ("." if state is ControlState.RUNNING else ": no mail is being sent.")
