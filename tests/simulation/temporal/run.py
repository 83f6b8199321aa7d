"""One run of one workflow: the real code, told one event after the other; after a reset replayed from its history."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context, ContextVar
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, Any

from temporalio.client import WorkflowExecutionStatus as Status
from temporalio.exceptions import FailureError, is_cancelled_exception

from relance.errors import InvalidInput
from tests.simulation.temporal.history import EVENTS_PER_TASK, Command, Event, Kind
from tests.simulation.temporal.start import ContinueAsNew, Start
from tests.simulation.temporal.wire import Payloads, packed, unpacked
from tests.support.private_sdk import workflow_definition

if TYPE_CHECKING:
    from tests.simulation.temporal.server import Workflows

CURRENT: ContextVar[WorkflowRun | None] = ContextVar("run", default=None)


class WorkflowRun:
    """A run; `history` is what it was told, `length` what a real history would count.

    Each event is an activation of its own: the code runs until it only waits, then it is told the next one. A replay
    tells it the same events in the same order, and so it asks for the same things under the same numbers.
    """

    def __init__(self, server: Workflows, start: Start, run_id: str) -> None:
        self.start = start
        self.id = start.id
        self.run_id = run_id
        self.status = Status.RUNNING
        self.begun_at = server.world.now()
        self.closed_at: datetime | None = None
        self.told: Payloads | BaseException | None = None
        self.history: list[Event] = []
        self.length = EVENTS_PER_TASK + 1
        self.now = start.at
        self.pending: dict[int, Command] = {}
        self.conditions: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self.handlers = 0
        self.children: list[WorkflowRun] = []
        self.successor: WorkflowRun | None = None
        self.random = Random(start.first)
        self._server = server
        self._definition = workflow_definition(start.cls)
        self._inbox: deque[Event] = deque()
        self._to_replay = 0
        self._replaying = False
        self._cancelled = False
        self._seq = 0
        self._busy = False
        self._pumping = False
        self._instance: Any = None
        self._main: asyncio.Task[None] | None = None
        self._end: Payloads | BaseException | None = None
        self._context = Context()
        self._context.run(CURRENT.set, self)

    @property
    def closed(self) -> bool:
        """Whether it has ended, however."""
        return self.status is not Status.RUNNING

    @property
    def is_replaying(self) -> bool:
        """Whether what it does now was done before."""
        return self._replaying

    @property
    def suggested_at(self) -> int:
        """From how many events on the server suggests to continue as new."""
        return self._server.suggest_at

    @property
    def is_long(self) -> bool:
        """Whether the server would suggest to continue as new."""
        return self.length >= self.suggested_at

    def siblings(self) -> list[WorkflowRun]:
        """Return all workflows that run."""
        return self._server.open()

    def begin(self, events: Sequence[Event] = ()) -> None:
        """Begin to run; with events as a replay of what an earlier run was told."""
        self._inbox.extend(events)
        self._to_replay, self._replaying = len(events), bool(events)
        arguments = unpacked(self.start.payloads, self._definition.arg_types)
        self._instance = self._context.run(self.start.cls, *(arguments if self._definition.takes_input else []))
        self._main = self._server.world.loop.create_task(self._run(arguments), context=self._context)
        self.touched()

    def deliver(self, event: Event) -> bool:
        """Tell it something; return False when it has ended."""
        if self.closed:
            return False
        self._inbox.append(event)
        self._pump_soon()
        return True

    def ask(self, kind: Kind, dispatch: Callable[[Command], Callable[[], object]]) -> Command:
        """Ask the server for something; in a replay only once the replay is over and nothing came of it."""
        self._seq += 1
        future: asyncio.Future[Any] = self._server.world.loop.create_future()
        command = self.pending[self._seq] = Command(self._seq, kind, future, dispatch, self.now)
        self.length += 1
        if not self._replaying:
            self._dispatch(command)
        return command

    def take_back(self, command: Command) -> None:
        """Wait for something no more."""
        if self.pending.pop(command.seq, None) is not None:
            self.length += 1
            if command.withdraw is not None:
                command.withdraw()

    def query(self, name: str) -> Any:
        """Answer a query."""
        definition = self._definition.queries[name]
        return self._context.run(definition.fn, self._instance)

    def answers(self) -> dict[str, Any]:
        """Answer every query there is."""
        return {name: self.query(name) for name in self._definition.queries if not name.startswith("__")}

    def close(self, status: Status) -> list[Event]:
        """End it; return what it was told and has not taken notice of."""
        self.status, self.closed_at = status, self._server.world.now()
        for command in self.pending.values():
            if command.withdraw is not None:
                command.withdraw()
        left, self._inbox = list(self._inbox), deque()
        return left

    def touched(self) -> None:
        """Note that its code has something to run."""
        self._busy = True
        self._pump_soon()

    def newest(self) -> WorkflowRun:
        """Return the run that has taken its place: after a reset, a restore, or because it continued as new."""
        return self if self.successor is None else self.successor.newest()

    # One event after the other

    def _pump_soon(self) -> None:
        if not self._pumping and not self.closed and not self._server.world.over:
            self._pumping = True
            self._server.world.loop.call_soon(self._pump, context=Context())

    def _pump(self) -> None:
        self._pumping = False
        if self.closed:
            return
        if self._busy:
            self._busy = False
            self._pump_soon()
        elif self._resolve_conditions():
            self._pump_soon()
        elif self._end is not None:
            self._server.ended(self, self._end)
        elif self._replaying and not self._to_replay:
            self._replaying = False
            for command in list(self.pending.values()):
                self._dispatch(command)
            self._pump_soon()
        elif self._inbox and (self._replaying or self._server.is_up(self._pump_soon)):
            self._take(self._inbox.popleft())
            self._pump_soon()

    def _take(self, event: Event) -> None:
        if self._to_replay:
            self._to_replay -= 1
            self.now = event.at or self.now
        else:
            self.now = self._server.world.now()
        if not self._apply(event):
            if self._replaying:
                self._server.world.violated("replay", f"{self.id} does not ask again for what {event} answers")
            return
        self.history.append(event.noticed(self.now))
        self.length += EVENTS_PER_TASK + event.kind.events
        self._server.grew(self)

    def _apply(self, event: Event) -> bool:
        if event.kind is Kind.SIGNAL:
            return self._hear(event)
        if event.kind is Kind.CANCEL:
            self._cancelled = True
            return self._main is not None and self._main.cancel()
        command = self.pending.get(event.seq)
        if command is None or command.kind is not event.kind:
            return False
        if event.kind is Kind.CHILD_CLOSED and command.child_run != event.name:
            return False
        del self.pending[event.seq]
        if event.kind is Kind.CHILD_STARTED and event.seq + 1 in self.pending:
            self.pending[event.seq + 1].child_run = event.name
        if command.future.done():
            return True
        if isinstance(event.value, BaseException):
            command.future.set_exception(event.value)
            # Whoever has to know of it waits for it.
            command.future.exception()
        else:
            command.future.set_result(event.value)
        return True

    def _hear(self, event: Event) -> bool:
        definition = self._definition.signals.get(event.name)
        if definition is None:
            return True
        arguments = unpacked(event.value, definition.arg_types)
        try:
            work = self._context.run(definition.fn, self._instance, *arguments)
        except InvalidInput:
            # As `relance.temporal.signal_guard` does.
            return True
        except Exception as problem:  # noqa: BLE001 - a task that fails is tried for ever
            self._server.world.violated("I5", f"{self.id} is wedged by the signal {event.name}: {problem!r}")
            return True
        if asyncio.iscoroutine(work):
            self.handlers += 1
            self._server.world.loop.create_task(self._handle(work), context=self._context)
        self.touched()
        return True

    async def _handle(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        finally:
            self.handlers -= 1

    def _dispatch(self, command: Command) -> None:
        if not self.closed and not self._server.world.over:
            command.withdraw = command.dispatch(command)

    async def _run(self, arguments: Sequence[Any]) -> None:
        try:
            self._end = packed([await self._instance.run(*arguments)])
        except ContinueAsNew as again:
            self._end = again
        except asyncio.CancelledError as problem:
            if self._server.world.over:
                raise
            self._end = problem
        except Exception as problem:  # noqa: BLE001 - judged by the server
            self._end = problem

    @property
    def was_cancelled(self) -> bool:
        """Whether it ended because somebody cancelled it."""
        return self._cancelled and isinstance(self._end, BaseException) and is_cancelled_exception(self._end)

    @property
    def failed_properly(self) -> bool:
        """Whether it ended with an error that ends a workflow; any other one would be tried for ever."""
        return isinstance(self._end, FailureError)

    def _resolve_conditions(self) -> bool:
        open_, resolved = [], False
        for condition, future in self.conditions:
            if future.done():
                continue
            if self._context.run(condition):
                future.set_result(None)
                resolved = True
            else:
                open_.append((condition, future))
        self.conditions = open_
        return resolved
