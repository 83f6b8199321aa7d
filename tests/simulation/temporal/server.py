"""The part of Temporal that holds workflows: starts, signals, ends, resets, and puts everything back to a backup.

A reset and a backup are replayed from what the run was told, as the real server does it: results of activities, timers
that fired, signals and children up to that point hold; whatever was asked for and had no answer yet is asked for
again (activities from their first attempt on). Children that were started later run on, as orphans.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import Context
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

from temporalio import workflow
from temporalio.client import WorkflowExecutionStatus as Status
from temporalio.common import TypedSearchAttributes, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import CancelledError, ChildWorkflowError, TerminatedError, WorkflowAlreadyStartedError

from tests.simulation.temporal.history import Event, Kind
from tests.simulation.temporal.run import CURRENT, WorkflowRun
from tests.simulation.temporal.start import ContinueAsNew, Start, again
from tests.simulation.temporal.wire import Payloads
from tests.simulation.world import World
from workflows.wake_follow_ups import WakeFollowUps

Execute: TypeAlias = Callable[[Any, Payloads, str, str, Mapping[str, Any]], Coroutine[Any, Any, Any]]
"""Runs an activity: method, inputs, ids of run and activity, options."""

_REUSE, _CONFLICT = WorkflowIDReusePolicy, WorkflowIDConflictPolicy
_FAILED = {Status.FAILED, Status.CANCELED, Status.TERMINATED}


MAY_FAIL = (WakeFollowUps,)
"""What it has not done within its time, the reconciliation does."""


class Missing(Exception):
    """No such workflow runs; the text is what the server says."""


class Workflows:
    """All workflows: `runs` by id, oldest first."""

    def __init__(self, world: World, execute: Execute, execute_locally: Execute, suggest_at: int) -> None:
        self.world = world
        self.execute = execute
        self.execute_locally = execute_locally
        self.suggest_at = suggest_at
        self.runs: dict[str, list[WorkflowRun]] = {}
        self._kept: list[WorkflowRun] = []
        self.on_ended: Callable[[WorkflowRun], None] = lambda _: None
        self.on_begun: Callable[[WorkflowRun], None] = lambda _: None
        self.on_grown: Callable[[WorkflowRun], None] = lambda _: None
        self.on_refused: Callable[[WorkflowRun, WorkflowRun], None] = lambda _, __: None
        self.on_continued: Callable[[WorkflowRun, WorkflowRun], None] = lambda _, __: None
        world.loop.on_call = _touch

    def current(self, id_: str) -> WorkflowRun | None:
        """Return the newest run of a workflow."""
        return self.runs[id_][-1] if id_ in self.runs else None

    def open(self) -> list[WorkflowRun]:
        """Return the workflows that have not ended."""
        return [those[-1] for those in self.runs.values() if not those[-1].closed]

    def is_up(self, then: Callable[[], object]) -> bool:
        """Tell whether the server works; if not, call something once it does."""
        wait = self.world.server_down_until - self.world.loop.time()
        if wait > 0:
            self.world.later(wait + self.world.dice.uniform(0.0, 5.0), then)
        return wait <= 0

    # Starting and telling

    def start(
        self,
        cls: type,
        payloads: Payloads,
        id_: str,
        reuse: WorkflowIDReusePolicy = _REUSE.ALLOW_DUPLICATE,
        conflict: WorkflowIDConflictPolicy = _CONFLICT.UNSPECIFIED,
        nominal: TypedSearchAttributes = TypedSearchAttributes.empty,
        parent: tuple[WorkflowRun, int] | None = None,
        policy: workflow.ParentClosePolicy = workflow.ParentClosePolicy.TERMINATE,
        signal: tuple[str, Payloads] | None = None,
    ) -> WorkflowRun:
        """Start a workflow, with a first signal if one is given.

        Raises:
            WorkflowAlreadyStartedError: it runs, or ran and may not run again.
        """
        before = self.current(id_)
        if before is not None and not before.closed:
            if conflict is _CONFLICT.USE_EXISTING:
                if signal is not None:
                    before.deliver(Event(Kind.SIGNAL, value=signal[1], name=signal[0]))
                return before
            if conflict is not _CONFLICT.TERMINATE_EXISTING and reuse is not _REUSE.TERMINATE_IF_RUNNING:
                if parent is not None:
                    self.on_refused(parent[0], before)
                raise WorkflowAlreadyStartedError(id_, cls.__name__, run_id=before.run_id)
            self.terminate(id_)
        elif before is not None and (
            reuse is _REUSE.REJECT_DUPLICATE
            or (reuse is _REUSE.ALLOW_DUPLICATE_FAILED_ONLY and before.status not in _FAILED)
        ):
            raise WorkflowAlreadyStartedError(id_, cls.__name__, run_id=before.run_id)
        self.world.trace.event("temporal", f"{id_} started")
        start = Start(id_, cls, payloads, self.world.now(), nominal, parent, policy)
        first = [] if signal is None else [Event(Kind.SIGNAL, value=signal[1], name=signal[0])]
        return self._begin(start, [], first)

    def signal(self, id_: str, name: str, payloads: Payloads) -> None:
        """Tell a workflow something.

        Raises:
            Missing: it does not run.
        """
        self.running(id_).deliver(Event(Kind.SIGNAL, value=payloads, name=name))

    def running(self, id_: str) -> WorkflowRun:
        """Return a workflow that runs.

        Raises:
            Missing: it does not.
        """
        run = self.current(id_)
        if run is None:
            raise Missing("workflow not found for ID")
        if run.closed:
            raise Missing("workflow execution already completed")
        return run

    # Ending

    def terminate(self, id_: str, reason: str = "terminated by hand") -> None:
        """End a workflow at once; its code learns nothing of it."""
        run = self.running(id_)
        run.close(Status.TERMINATED)
        self.world.trace.event("temporal", f"{id_} terminated")
        self._closed(run, _child_error(run, TerminatedError(reason)))

    def cancel(self, id_: str) -> None:
        """Ask a workflow to end."""
        self.running(id_).deliver(Event(Kind.CANCEL))

    def ended(self, run: WorkflowRun, end: Payloads | BaseException) -> None:
        """Take in how a run ended by itself."""
        if isinstance(end, ContinueAsNew):
            left = [one for one in run.close(Status.CONTINUED_AS_NEW) if one.kind is Kind.SIGNAL]
            self.world.trace.event("temporal", f"{run.id} continues as new")
            self._close_children(run)
            run.successor = self._begin(again(run.start, end.payloads, self.world.now()), [], left)
            self.on_continued(run, run.successor)
            return
        if not isinstance(end, BaseException):
            run.close(Status.COMPLETED)
            self.world.trace.event("temporal", f"{run.id} completed")
            self._closed(run, end)
            return
        if run.was_cancelled:
            run.close(Status.CANCELED)
            self.world.trace.event("temporal", f"{run.id} cancelled")
            self._closed(run, _child_error(run, CancelledError()))
            return
        run.close(Status.FAILED)
        if not run.failed_properly or (run.start.parent is None and run.start.cls not in MAY_FAIL):
            self.world.violated("I5", f"{run.id} failed with {end!r}")
        self._closed(run, _child_error(run, end))

    def grew(self, run: WorkflowRun) -> None:
        """Take in that a history has grown."""
        self.on_grown(run)

    def _closed(self, run: WorkflowRun, told: Payloads | BaseException) -> None:
        run.told = told
        self._close_children(run)
        if run.start.parent is not None:
            parent, seq = run.start.parent
            parent.newest().deliver(Event(Kind.CHILD_CLOSED, seq, told, run.start.first))
        self.on_ended(run)

    def _close_children(self, run: WorkflowRun) -> None:
        for child in run.children:
            now = child.newest()
            if now.closed or child.start.policy is workflow.ParentClosePolicy.ABANDON:
                continue
            if child.start.policy is workflow.ParentClosePolicy.REQUEST_CANCEL:
                now.deliver(Event(Kind.CANCEL))
            else:
                self.terminate(now.id, "the parent has ended")

    # Going back

    def reset(self, id_: str, kept: int, *, reapply: bool) -> None:
        """Put a workflow back to where it had been told the first `kept` things; later signals are told again."""
        run = self.runs[id_][-1]
        known, later = run.history[:kept], run.history[kept:]
        left = [] if run.closed else run.close(Status.TERMINATED)
        self.world.trace.event("temporal", f"{id_} reset to {kept} of {len(run.history)} events")
        signals = [one for one in (*later, *left) if one.kind is Kind.SIGNAL] if reapply else []
        run.successor = self._begin(run.start, known, signals, run.children)

    def put_back(self, at: datetime) -> None:
        """Put everything back to a backup taken at an instant."""
        self.world.trace.event("temporal", f"put back to {at:%Y-%m-%d %H:%M:%S}")
        for runs in self.runs.values():
            if not runs[-1].closed:
                runs[-1].close(Status.TERMINATED)
        rebuilt: list[WorkflowRun] = []
        for id_, runs in list(self.runs.items()):
            self.runs[id_] = [one for one in runs if one.begun_at <= at]
            if not self.runs[id_]:
                del self.runs[id_]
            elif (last := self.runs[id_][-1]).closed_at is None or last.closed_at > at:
                rebuilt.append(self.runs[id_].pop())
        for last in rebuilt:
            known = [one for one in last.history if one.at is not None and one.at <= at]
            last.successor = self._begin(last.start, known, [], last.children, last)

    def _begin(
        self,
        start: Start,
        known: Sequence[Event],
        news: Sequence[Event],
        children: Sequence[WorkflowRun] = (),
        same: WorkflowRun | None = None,
    ) -> WorkflowRun:
        run_id = same.run_id if same is not None else f"{self.world.dice.getrandbits(64):016x}:{start.id}"
        run = WorkflowRun(self, start if start.first else replace(start, first=run_id), run_id)
        if same is not None:
            run.begun_at = same.begun_at
        started = {one.name for one in known if one.kind is Kind.CHILD_STARTED}
        run.children = [one for one in children if one.start.first in started]
        self.runs.setdefault(start.id, []).append(run)
        # What waits in it for ever must not be collected before the end.
        self._kept.append(run)
        run.begin(known)
        self.on_begun(run)
        for one in news:
            run.deliver(replace(one, at=None))
        return run


def _touch(context: Context) -> None:
    run = context.get(CURRENT)
    if run is not None:
        run.touched()


def _child_error(run: WorkflowRun, cause: BaseException) -> ChildWorkflowError:
    error = ChildWorkflowError(
        "the child has ended without a result",
        namespace="default",
        workflow_id=run.id,
        run_id=run.run_id,
        workflow_type=run.start.cls.__name__,
        initiated_event_id=0,
        started_event_id=0,
        retry_state=None,
    )
    error.__cause__ = cause
    return error
