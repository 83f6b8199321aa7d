"""`cycle pause`, `resume`, `cancel`: stored first, told to the workflows, and waited for until it holds (SPEC C11)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from relance.alerting import AlertDesk
from relance.cli.command import Run, invalid
from relance.cli.effect import Effect
from relance.cli.opening import cycle_handle
from relance.cli.output import Answer, cell
from relance.cli.periods import read_period
from relance.cli.services import Database
from relance.cli.silencing import read_author
from relance.controlling import CycleDesk, Told
from relance.domain.alerts.model import Rule
from relance.domain.control import Control, ControlState
from relance.errors import NotFound
from relance.runtime.exit import DONE, JOB_FAILED
from relance.temporal.alert_groups import TemporalAlertGroups
from relance.temporal.cycles import TemporalCycles
from relance.temporal.schedules import RPC_TIMEOUT

PeriodArgument = Annotated[str, typer.Argument(help="The month, YYYY-MM.", metavar="PERIOD")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept, and shown to whoever looks at the cycle.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who decides; the login's name by default.")]

LONGEST_REASON = 200
VERBS = {
    ControlState.PAUSED: "paused",
    ControlState.RUNNING: "going on",
    ControlState.CANCELLED: "cancelled",
    ControlState.ROLLED_BACK: "rolled back",
}


async def pause(run: Run, period: PeriodArgument, *, reason: ReasonOption = "", by: ByOption = None) -> Answer:
    """Send nothing more of a cycle until it is resumed; mails in flight are finished and recorded."""
    return await _tell(run, period, ControlState.PAUSED, reason, by)


async def resume(run: Run, period: PeriodArgument, *, reason: ReasonOption = "", by: ByOption = None) -> Answer:
    """Let a paused cycle go on where it was; what the error gate has counted is forgotten."""
    return await _tell(run, period, ControlState.RUNNING, reason, by)


async def cancel(run: Run, period: PeriodArgument, *, reason: ReasonOption = "", by: ByOption = None) -> Answer:
    """End a cycle for good: nothing more is sent, reminders of what was sent still are."""
    return await _tell(run, period, ControlState.CANCELLED, reason, by)


async def _tell(run: Run, period: str, state: ControlState, reason: str, by: str | None) -> Answer:
    author, why = _read(period, reason, by)
    async with control_room(run) as (client, database, desk):
        await must_run(client, database, period, state)
        begun = time.monotonic()
        told = await desk.tell(period, state, why, author)
        check_allowed(told, state)
        seconds = await Effect(client, told.now).seconds(begun)
        await forget_alert(run, client, database, period, state)
    data = {**told_data(told), "effective_s": round(seconds, 2) if seconds is not None else None}
    message = f"{told_words(told)} {effect_words(state, seconds)}"
    return Answer({**data, "message": message}, message, DONE if seconds is not None else JOB_FAILED)


def _read(period: str, reason: str, by: str | None) -> tuple[str, str]:
    read_period(period)
    why = " ".join(reason.split())
    if len(why) > LONGEST_REASON:
        invalid("--reason", f"it is longer than {LONGEST_REASON} characters", "say it in fewer words")
    return read_author(by), why


@asynccontextmanager
async def control_room(run: Run) -> AsyncIterator[tuple[Client, Database, CycleDesk]]:
    """Open what is needed to tell a cycle something; both servers first, so that it is not told by halves."""
    client = await run.temporal()
    async with run.database() as database:
        yield client, database, CycleDesk(database.controls, TemporalCycles(client), run.services.clock)


async def described(client: Client, period: str) -> WorkflowExecution | None:
    """Return what the server says of a period's cycle, None if it does not know it."""
    try:
        return await cycle_handle(client, period).describe(rpc_timeout=RPC_TIMEOUT)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None


async def must_run(client: Client, database: Database, period: str, state: ControlState) -> None:
    """Make sure that there is a cycle to be told something.

    Raises:
        NotFound: none runs; says whether it is done or was never opened.
    """
    found = await described(client, period)
    if found is not None and found.status is WorkflowExecutionStatus.RUNNING:
        return
    if state is ControlState.RUNNING and (await database.controls.get(period)).state is ControlState.PAUSED:
        # Its workflow was ended from outside; it may be started anew only if it is not paused.
        return
    if found is not None and found.close_time is not None:
        how = found.status.name.lower() if found.status else "closed"
        raise NotFound(f"PERIOD: the cycle of {period} is over ({how} {cell(found.close_time)}); nothing was changed")
    if await database.job_runs.statistics(period) is not None:
        raise NotFound(f"PERIOD: the cycle of {period} is over; `cycle report {period}` shows how it ended")
    raise NotFound(f"PERIOD: no cycle of {period} runs; open it with `start cycle --period {period}`")


def check_allowed(told: Told, state: ControlState) -> None:
    """Make sure that the cycle took what it was told.

    Raises:
        InvalidInput: it may not follow what it was told before.
    """
    now = told.now
    if now.state is not state:
        said = f"the cycle of {now.id} was {VERBS[now.state]}{_by(now)}; it cannot be {VERBS[state]} any more"
        invalid("PERIOD", said, f"`cycle status {now.id}` shows how it stands")


async def forget_alert(run: Run, client: Client, database: Database, period: str, state: ControlState) -> None:
    """Resolve the alert of the error gate: a person has decided."""
    if state is not ControlState.PAUSED:
        groups = TemporalAlertGroups(client, run.settings.alerts.policy)
        desk = AlertDesk(database.alerts, database.silences, groups, run.services.clock)
        await desk.clear(Rule.CYCLE_STOPPED, period)


def told_data(told: Told) -> dict[str, object]:
    """Return what a cycle was told, for machines."""
    now = told.now
    known = {"period": now.id, "state": now.state.value, "changed": told.changed}
    return {**known, "by": now.by, "reason": now.reason, "at": now.at}


def told_words(told: Told) -> str:
    """Return what a cycle was told, for people."""
    now = told.now
    already = "" if told.changed else " already"
    verb = "runs" if now.state is ControlState.RUNNING else f"is {VERBS[now.state]}"
    return f"The cycle of {now.id} {verb}{already}{_by(now)}."


def effect_words(state: ControlState, seconds: float | None) -> str:
    """Return how long it took, for people."""
    if seconds is None:
        return "It is stored, but not every worker has obeyed yet: look again, or see whether workers run (`doctor`)."
    return f"Effective in {seconds:.1f} s" + ("." if state is ControlState.RUNNING else ": no mail is being sent.")


def _by(now: Control) -> str:
    since = f", since {cell(now.at)}" if now.at else ""
    return (f", by {now.by}{since}" if now.by else "") + (f" ({now.reason})" if now.reason else "")
