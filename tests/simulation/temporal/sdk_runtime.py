"""The SDK's runtime as far as the workflows use it, for all runs; which one asks is in the context of the task.

`_Answers` has the names and parameters of the SDK's own questions, see `tests.support.private_sdk`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, CancelledError, WorkflowAlreadyStartedError

from tests.simulation.temporal.history import Command, Event, Kind
from tests.simulation.temporal.run import CURRENT, WorkflowRun
from tests.simulation.temporal.server import Execute, Missing, Workflows
from tests.simulation.temporal.start import ContinueAsNew
from tests.simulation.temporal.wire import Payloads, activity_failed, packed, unpacked
from tests.support.private_sdk import (
    activity_definition,
    install_runtime,
    runtime_of,
    signal_name,
    workflow_definition,
    workflow_info,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def install(workflows: Workflows) -> None:
    """Have the workflows on this loop find their runtime."""
    install_runtime(workflows.world.loop, _RUNTIME(workflows))


def _current() -> WorkflowRun:
    run = CURRENT.get()
    assert run is not None, "no workflow runs here"
    return run


class _Answers:
    def __init__(self, server: Workflows) -> None:
        super().__init__()
        self._server = server

    def workflow_info(self) -> SimpleNamespace:
        run = _current()
        return workflow_info(
            workflow_id=run.id,
            run_id=run.run_id,
            first_execution_run_id=run.start.first,
            workflow_start_time=run.start.at,
            start_time=run.start.at,
            typed_search_attributes=run.start.nominal,
            is_continue_as_new_suggested=lambda: run.is_long,
            get_current_history_length=lambda: run.length,
            parent=run.start.parent,
        )

    def workflow_time_ns(self) -> int:
        return (_current().now - _EPOCH) // timedelta(microseconds=1) * 1000

    def workflow_is_continue_as_new_suggested(self) -> bool:
        return _current().is_long

    def workflow_get_current_history_length(self) -> int:
        return _current().length

    def workflow_is_replaying(self) -> bool:
        return _current().is_replaying

    def workflow_is_replaying_history_events(self) -> bool:
        return _current().is_replaying

    def workflow_patch(self, id: str, *, deprecated: bool, **_: Any) -> bool:  # noqa: A002 - the SDK's name
        return True

    def workflow_random(self) -> Random:
        return _current().random

    def workflow_set_current_details(self, details: str) -> None:
        pass

    def workflow_upsert_search_attributes(self, attributes: Any) -> None:
        pass

    def workflow_upsert_memo(self, updates: Any) -> None:
        pass

    def workflow_all_handlers_finished(self) -> bool:
        return _current().handlers == 0

    def workflow_continue_as_new(self, *args: Any, **_: Any) -> None:
        raise ContinueAsNew(packed(args))

    def workflow_start_activity(self, activity: Any, *args: Any, **options: Any) -> asyncio.Task[Any]:
        return self._start_activity(self._server.execute, activity, args, options)

    def workflow_start_local_activity(self, activity: Any, *args: Any, **options: Any) -> asyncio.Task[Any]:
        return self._start_activity(self._server.execute_locally, activity, args, options)

    def _start_activity(
        self, execute: Execute, activity: Any, args: Sequence[Any], options: Mapping[str, Any]
    ) -> asyncio.Task[Any]:
        run, payloads = _current(), packed(args)

        def dispatch(command: Command) -> Callable[[], object]:
            work = execute(activity, payloads, run.run_id, str(command.seq), options)
            task = self._server.world.loop.create_task(work, context=Context())
            task.add_done_callback(lambda done: _reported(run, command.seq, done))
            return task.cancel

        command = run.ask(Kind.ACTIVITY, dispatch)
        return asyncio.create_task(_result(run, command, _types(activity)))

    async def workflow_start_child_workflow(self, child: Any, *args: Any, **options: Any) -> Child:
        run, payloads = _current(), packed(args)
        cls = child.__globals__[child.__qualname__.partition(".")[0]]

        def start(command: Command) -> Callable[[], object]:
            try:
                begun = self._server.start(
                    cls,
                    payloads,
                    options["id"],
                    options.get("id_reuse_policy") or WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    parent=(run, command.seq + 1),
                    policy=options.get("parent_close_policy") or workflow.ParentClosePolicy.TERMINATE,
                )
            except WorkflowAlreadyStartedError as problem:
                run.deliver(Event(Kind.CHILD_STARTED, command.seq, problem))
            else:
                run.children.append(begun)
                run.deliver(Event(Kind.CHILD_STARTED, command.seq, (), begun.start.first))
            return _nothing

        starting = run.ask(Kind.CHILD_STARTED, start)
        closing = run.ask(Kind.CHILD_CLOSED, lambda command: _tell_if_closed(run, command))
        try:
            await asyncio.shield(starting.future)
        except WorkflowAlreadyStartedError:
            run.take_back(closing)
            raise
        types = workflow_definition(cls).ret_type
        task = asyncio.create_task(_end_of_child(self._server, run, options["id"], closing, types))
        return Child(self._server, run, options["id"], task)

    def workflow_get_external_workflow_handle(self, id: str, **_: Any) -> External:  # noqa: A002 - the SDK's name
        return External(self._server, _current(), id)

    async def workflow_sleep(self, duration: float, **_: Any) -> None:
        if duration <= 0:
            await asyncio.sleep(0)
            return
        run, command = _current(), _timer(self._server, duration)
        try:
            await command.future
        finally:
            run.take_back(command)

    async def workflow_wait_condition(
        self,
        fn: Callable[[], bool],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the SDK's name
        **_: Any,
    ) -> None:
        run = _current()
        if fn():
            return
        future: asyncio.Future[None] = self._server.world.loop.create_future()
        run.conditions.append((fn, future))
        run.touched()
        if timeout is None:
            await future
            return
        command = _timer(self._server, max(timeout, 0.0))
        command.future.add_done_callback(lambda _: None if future.done() else future.set_exception(TimeoutError()))
        try:
            await future
        finally:
            run.take_back(command)


@dataclass(frozen=True, slots=True)
class External:
    """A workflow as another one reaches it."""

    server: Workflows
    run: WorkflowRun
    id: str

    async def signal(self, signal: Any, argument: Any = None, **_: Any) -> None:
        """Tell it something; it may have ended."""
        name = signal_name(signal)
        payloads = packed([] if argument is None else [argument])

        def send(command: Command) -> Callable[[], object]:
            try:
                self.server.signal(self.id, name, payloads)
            except Missing:
                problem = ApplicationError("the workflow has ended", type="ExternalWorkflowExecutionNotFound")
                self.run.deliver(Event(Kind.SENT, command.seq, problem))
            else:
                self.run.deliver(Event(Kind.SENT, command.seq, ()))
            return _nothing

        await self.run.ask(Kind.SENT, send).future

    async def cancel(self) -> None:
        """Ask it to end."""
        if (other := self.server.current(self.id)) is not None:
            other.deliver(Event(Kind.CANCEL))


@dataclass(frozen=True, slots=True)
class Child(External):
    """A child workflow as its parent sees it."""

    task: asyncio.Task[Any]

    def __await__(self) -> Generator[Any, None, Any]:
        return self.task.__await__()


def _timer(server: Workflows, seconds: float) -> Command:
    run = _current()

    def dispatch(command: Command) -> Callable[[], object]:
        ahead = (command.at - server.world.now()).total_seconds() + seconds
        event = Event(Kind.TIMER, command.seq)
        return server.world.loop.call_later(max(ahead, 0.0), run.deliver, event, context=Context()).cancel

    return run.ask(Kind.TIMER, dispatch)


async def _result(run: WorkflowRun, command: Command, type_: type | None) -> Any:
    """Wait for an activity; a cancellation gives it up at once."""
    try:
        payloads = await asyncio.shield(command.future)
    except asyncio.CancelledError:
        run.take_back(command)
        raise activity_failed() from CancelledError()
    return unpacked(payloads, [type_] if type_ is not None else None)[0]


async def _end_of_child(server: Workflows, run: WorkflowRun, id_: str, command: Command, type_: type | None) -> Any:
    """Wait for a child; a cancellation is passed on to it, and waited for."""
    while True:
        try:
            payloads = await asyncio.shield(command.future)
        except asyncio.CancelledError:
            if server.world.over:
                raise
            if not run.is_replaying and (other := server.current(id_)) is not None:
                other.deliver(Event(Kind.CANCEL))
        else:
            return unpacked(payloads, [type_] if type_ is not None else None)[0]


def _tell_if_closed(run: WorkflowRun, command: Command) -> Callable[[], object]:
    for child in run.children:
        now = child.newest()
        if child.start.first == command.child_run and now.closed:
            run.deliver(Event(Kind.CHILD_CLOSED, command.seq, now.told, command.child_run))
    return _nothing


def _reported(run: WorkflowRun, seq: int, task: asyncio.Task[Payloads]) -> None:
    if not task.cancelled():
        run.deliver(Event(Kind.ACTIVITY, seq, task.exception() or task.result()))


def _types(method: Any) -> type | None:
    return activity_definition(method).ret_type


def _nothing() -> None:
    pass


_RUNTIME = runtime_of(_Answers)
