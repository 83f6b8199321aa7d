"""`cycle rollback`: what would be taken back, and taking it back (SPEC C11)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from temporalio.client import Client, WorkflowExecutionStatus

from relance import ids
from relance.cli.base.command import Run, invalid
from relance.cli.base.confirming import YesOption, confirm
from relance.cli.base.output import Answer, table
from relance.cli.base.waiting import goes_on
from relance.cli.cycle.control import (
    ByOption,
    ControlRoom,
    PeriodArgument,
    ReasonOption,
    control_data,
    control_room,
    control_words,
    effect_words,
    read_decision,
)
from relance.cli.start.opening import cycle_handle
from relance.contracts.rollback import RollBackInput, RollBackResult
from relance.domain.cycle.control import Control, ControlState
from relance.domain.invitations.invitation import InvitationStatus
from relance.errors import NotFound
from relance.ports import Compensations
from relance.runtime.process_exit import DONE, JOB_FAILED
from relance.services.cycle_control import ControlResult, survey
from relance.services.cycle_decisions import Decision
from relance.temporal.decision_effect import PATIENCE, DecisionEffect
from relance.temporal.follow_ups import TemporalFollowUps
from relance.temporal.rollbacks import start_rollback
from relance.wording.summaries import counted

WAITED_FOR = 600.0
"""Seconds; corrections that a provider puts off go on without us."""

SHOWN = 10
MOST_LISTED = 100_000
"""Ids in the answer for machines: of a larger cycle the file of --reached has them all."""
PAGE = 10_000
_TAKEN_FROM_SENT = (InvitationStatus.SENT, InvitationStatus.OPENED)


async def rollback(
    run: Run,
    period: PeriodArgument,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be taken back.")] = False,
    correction: Annotated[
        bool, typer.Option("--correction", help="Send a correction to everyone who got the invitation.")
    ] = False,
    reached: Annotated[
        Path | None,
        typer.Option("--reached", metavar="FILE", help="Write the ids of all who had been sent to into this file."),
    ] = None,
    reason: ReasonOption = "",
    by: ByOption = None,
    yes: YesOption = False,
) -> Answer:
    """Take a cycle back: cancel the rest, end its follow-ups, record each change, list who had been invited.

    What people did stays, and that a mail was sent. Cannot be undone: asks first, and wants a reason. Pause the cycle
    first, and the dry run says exactly what follows.
    """
    decision = read_decision(period, reason, by, for_good=not dry_run)
    async with control_room(run) as room:
        kept = room.database.compensations
        before = await survey(kept, TemporalFollowUps(room.client, room.database.ledger), period)
        found = await room.described(period)
        if not before.changes and not before.reached and found is None:
            raise NotFound(f"PERIOD: nothing is known of {period}; there is nothing to take back")
        if dry_run:
            listed = await _listed(kept, period, reached)
            runs = found is not None and found.status is WorkflowExecutionStatus.RUNNING
            lines = _foreseen(await room.database.controls.get(period), runs=runs)
            return _answer({"dry_run": True, "period": period}, before, listed, lines, DONE)
        confirm(run, _what(before, correction=correction), yes=yes)
        control, seconds = await _stop(room, decision)
        rest = (
            f"It goes on being taken back (workflow {ids.rollback_workflow_id(period)}); say it again to wait for it."
        )
        with goes_on(run.out, rest), run.out.pulse.about(f"everything to be taken back, {WAITED_FOR:g} s at most"):
            result = await _take_back(room.client, RollBackInput(period=period, correction=correction))
        listed = await _listed(kept, period, reached)
    data = {**control_data(control), "effective_s": round(seconds, 2) if seconds is not None else None}
    lines = [f"{control_words(control)} {effect_words(ControlState.ROLLED_BACK, seconds)}"]
    if result is None:
        lines.append(f"It is still being taken back: look at {ids.rollback_workflow_id(period)} in Temporal Web.")
        return Answer({**data, "message": lines[-1]}, "\n".join(lines), JOB_FAILED)
    return _answer(data, result, listed, lines, DONE if seconds is not None else JOB_FAILED)


async def _listed(kept: Compensations, period: str, file: Path | None) -> list[str]:
    """Return the first of those who were reached, and write all of them into the file, one to a line."""
    result: list[str] = []
    last, output = "", None
    try:
        output = file.open("w", encoding="ascii") if file is not None else None
        while page := await kept.reached(period, last, PAGE):
            last = page[-1]
            result += page[: MOST_LISTED - len(result)]
            if output is not None:
                output.writelines(f"{line}\n" for line in page)
            elif len(result) >= MOST_LISTED:
                break
    except OSError as error:
        invalid("--reached", f"nothing can be written to {file} ({error.strerror})", "name another file")
    finally:
        if output is not None:
            output.close()
    return result


async def _stop(room: ControlRoom, decision: Decision) -> tuple[ControlResult, float | None]:
    """Stop the cycle for good; return its control and after how many seconds it took effect."""
    found = await room.described(decision.period)
    begun = time.monotonic()
    result = await room.decisions.decide(decision, ControlState.ROLLED_BACK)
    if found is None or found.status is not WorkflowExecutionStatus.RUNNING:
        return result, 0.0
    seconds = await DecisionEffect(room.client, result.now).seconds(begun)
    # Its last wave might still start follow-ups.
    ended = asyncio.ensure_future(cycle_handle(room.client, decision.period).result())
    await asyncio.wait([ended], timeout=PATIENCE)
    ended.cancel()
    return result, seconds


async def _take_back(client: Client, request: RollBackInput) -> RollBackResult | None:
    handle = await start_rollback(client, request)
    try:
        async with asyncio.timeout(WAITED_FOR):
            return await handle.result()
    except TimeoutError:
        return None


def _what(before: RollBackResult, *, correction: bool) -> str:
    """Return what a person agrees to."""
    sent = counted(before.reached, "invitation")
    mails = f"; whoever got one is sent a correction ({before.reached} at most)" if correction else ""
    return (
        f"this takes the cycle of {before.period} back for good: {sent} had been sent and stay sent, their follow-ups "
        f"end, and whatever waits is cancelled{mails}"
    )


def _foreseen(control: Control, *, runs: bool) -> list[str]:
    """Return what to know of the numbers of a dry run."""
    lines = ["Nothing was changed: this was a dry run."]
    if control.state is ControlState.ROLLED_BACK:
        lines.append(f"The cycle was rolled back already, by {control.by}: there is nothing more to take back.")
    elif runs and control.state is not ControlState.PAUSED:
        lines.append("The cycle still runs, so these numbers grow: pause it first, and they are what follows.")
    return lines


def _answer(
    data: dict[str, object], result: RollBackResult, listed: Sequence[str], lines: Sequence[str], code: int
) -> Answer:
    rehearsal = "dry_run" in data
    rows = [
        (name.replace(".", " that are " if rehearsal else " that were "), count)
        for name, count in result.changes.items()
    ]
    rows.append(("follow-ups that run" if rehearsal else "follow-ups that ran", result.follow_ups))
    # The list is the younger count, unless it was cut.
    reached = max(result.reached, len(listed))
    taken = sum(result.changes.get(f"invitations.{status}", 0) for status in _TAKEN_FROM_SENT)
    stays = max(0, reached - taken)
    more = f" and {reached - SHOWN} more ({'--json' if reached <= MOST_LISTED else '--reached FILE'})"
    shown = ", ".join(listed[:SHOWN]) + (more if reached > SHOWN else "")
    had = f"{counted(reached, 'invitation')} had been sent already" + (f": {shown}" if listed else "")
    parts = [*lines, f"{had}."]
    if stays:
        parts.append(f"Of these, {stays} had ended before (answered, bounced, expired, ...) and stay as they are.")
    if result.corrections is not None:
        mails = result.corrections
        parts.append(f"Corrections: {mails.sent} sent, {mails.skipped} not wanted, {mails.failed} failed.")
    counts = {**result.model_dump(mode="json"), "reached": reached, "ended_before": stays}
    everything = {**data, **counts, "already_sent": list(listed), "message": " ".join(lines)}
    title = "What would be taken back of" if rehearsal else "Taken back of"
    view = Group(table(f"{title} {result.period}", ("what", "number"), rows), "\n".join(parts))
    return Answer(everything, view, code)
