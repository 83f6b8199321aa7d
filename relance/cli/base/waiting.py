"""Waiting for others: what is waited for is said each few seconds, there is an end, and Ctrl-C says what goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from relance.cli.base.command import Run
from relance.cli.base.output import Output
from relance.errors import DependencyUnavailable, RelanceError
from relance.runtime.logs import redact
from relance.runtime.process_exit import is_rpc_error, is_unreachable

if TYPE_CHECKING:
    from temporalio.client import WorkflowHandle

FIRST_WORD_S, EVERY_S = 2.0, 5.0
DEFAULT_S = 120
DESCRIBE_TIMEOUT = timedelta(seconds=3)
LONGEST_REASON = 160
_SCHEDULED = 1
"""PENDING_WORKFLOW_TASK_STATE_SCHEDULED: nobody has taken it."""

TimeoutOption = Annotated[
    int, typer.Option("--timeout", min=1, max=86_400, help="Seconds after which --wait ends; what was started goes on.")
]

T = TypeVar("T")


class StillRunning(RelanceError):
    """What was waited for has not ended in time; it goes on."""


@contextmanager
def goes_on(out: Output, sentence: str) -> Iterator[None]:
    """Say what goes on when a person stops waiting."""
    try:
        yield
    except (asyncio.CancelledError, KeyboardInterrupt):
        out.side.print(sentence, soft_wrap=True)
        raise


async def wait_for(run: Run, handle: WorkflowHandle[Any, T], what: str, look: str, timeout_s: float) -> T:
    """Return the result of a workflow, and say each few seconds what keeps it.

    `what` is its name in a sentence, `look` the command that shows later how it ended.

    Raises:
        DependencyUnavailable: it is not done after `timeout_s` seconds, and waits for a service that is away.
        StillRunning: it is not done after `timeout_s` seconds.
        WorkflowFailureError: it has failed.
    """
    rest = f"{what} goes on without this (workflow {handle.id}): `{look}` shows how it ended."
    waiting = asyncio.ensure_future(_result(handle))
    began, said_at, pause = time.monotonic(), time.monotonic(), FIRST_WORD_S
    reason: tuple[str, str] = ("", "")
    try:
        with goes_on(run.out, rest), run.out.pulse.resting():
            while not waiting.done():
                waited = time.monotonic() - began
                if waited >= timeout_s:
                    raise _late(f"not done after {timeout_s:g} s{_because(reason)}; {rest}", reason)
                if time.monotonic() - said_at >= pause:
                    kept, away = await asyncio.gather(_keeps(handle), _database_away(run))
                    reason = kept if kept[0] or not away else ("MongoDB", f"{kept[1]}; {away}" if kept[1] else away)
                    run.out.side.print(f"waiting for {what} ({waited:.0f} s){_because(reason)}", soft_wrap=True)
                    said_at, pause = time.monotonic(), EVERY_S
                await asyncio.wait([waiting], timeout=min(0.5, max(0.01, timeout_s - waited)))
            return await waiting
    finally:
        waiting.cancel()


def _late(sentence: str, reason: tuple[str, str]) -> RelanceError:
    away = reason[0]
    return DependencyUnavailable(away, sentence) if away else StillRunning(sentence)


def _because(reason: tuple[str, str]) -> str:
    return f": {reason[1]}" if reason[1] else ""


async def _result(handle: WorkflowHandle[Any, T]) -> T:
    while True:
        try:
            return await handle.result()
        except Exception as error:
            if not (is_rpc_error(error) and is_unreachable(error)):
                raise
            # The server is away; what runs there goes on when it is back.
            await asyncio.sleep(1.0)


async def _keeps(handle: WorkflowHandle[Any, Any]) -> tuple[str, str]:
    """Return the service that is away, empty if none is known, and what keeps the workflow in words."""
    try:
        found = await handle.describe(rpc_timeout=DESCRIBE_TIMEOUT)
    except Exception as error:
        if not is_rpc_error(error):
            raise
        return "Temporal", "Temporal does not answer"
    raw = found.raw_description
    if raw.HasField("pending_workflow_task") and raw.pending_workflow_task.state == _SCHEDULED:
        return "", "no worker has taken it yet; see `doctor`"
    return _of_activities(raw.pending_activities)


async def _database_away(run: Run) -> str:
    """Return in a sentence that MongoDB does not answer here either; empty if it does."""
    try:
        async with run.services.database(run.settings):
            return ""
    except DependencyUnavailable as error:
        return str(error)


def _of_activities(pending: Sequence[Any]) -> tuple[str, str]:
    for activity in pending:
        name = activity.activity_type.name.replace("_", " ")
        if activity.HasField("last_failure"):
            said = " ".join(redact(activity.last_failure.message).split())[:LONGEST_REASON]
            away = said.partition(" is unavailable")[0] if " is unavailable" in said else ""
            return away, f"{name}, attempt {activity.attempt}; the last one: {said}"
        return "", f"{name} is under way" if activity.attempt <= 1 else f"{name}, attempt {activity.attempt}"
    return "", ""
