"""The real workflow code on our own loop: the SDK's runtime, as far as the workflows use it.

The SDK finds the runtime on the running loop and asks it for everything. Ours answers for all workflows of a run; which
one is asking is in the context of the task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from contextvars import Context, ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, TypeAlias

from temporalio import workflow
from temporalio.common import TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.workflow._context import _Runtime

from tests.simulation.world import World

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURRENT: ContextVar[Execution | None] = ContextVar("execution", default=None)


Execute: TypeAlias = Callable[[Any, Sequence[Any], str, str, Mapping[str, Any]], Coroutine[Any, Any, Any]]
"""Runs an activity: method, inputs, ids of workflow and activity, options."""


class ContinueAsNew(BaseException):
    """The workflow goes on as a new run with this input."""

    def __init__(self, argument: Any) -> None:
        self.argument = argument


class Execution:
    """One workflow, across its runs."""

    def __init__(self, host: Workflows, id_: str, cls: type, argument: Any, nominal: TypedSearchAttributes) -> None:
        self.id = id_
        self.cls = cls
        self.closed = False
        self.result: asyncio.Future[Any] = host.world.loop.create_future()
        self.conditions: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self.handlers = 0
        self._host = host
        self._argument = argument
        self._nominal = nominal
        self._started = host.world.now()
        self._checking = False
        self._activities = 0
        self._instance: Any = None
        self._context = Context()
        self._context.run(_CURRENT.set, self)

    def start(self) -> None:
        """Begin to run."""
        self._instance = self._made()
        self._host.world.loop.create_task(self._run(), context=self._context)

    def signal(self, name: str, payload: Any) -> bool:
        """Hand in a signal; return False when the workflow has ended."""
        if self.closed:
            return False
        handler = workflow._Definition.must_from_class(self.cls).signals[name].fn
        arguments = [] if payload is None else [payload]
        self._context.run(handler, self._instance, *arguments)
        self.touched()
        return True

    def touched(self) -> None:
        """Look at the conditions once what is under way has run."""
        if self.conditions and not self._checking:
            self._checking = True
            self._host.world.loop.call_soon(self._check, context=Context())

    def info(self) -> SimpleNamespace:
        """Return what a workflow may ask about itself."""
        return SimpleNamespace(
            workflow_id=self.id,
            run_id=self.id,
            workflow_start_time=self._started,
            typed_search_attributes=self._nominal,
            is_continue_as_new_suggested=self.is_long,
            _logger_details=dict,
        )

    def is_long(self) -> bool:
        """Tell whether the history has grown long."""
        return self._activities >= self._host.longest_history

    def activity_id(self) -> str:
        """Return the id of the next activity."""
        self._activities += 1
        return str(self._activities)

    def _made(self) -> Any:
        takes_input = getattr(self.cls.__dict__.get("__init__"), "__temporal_workflow_init", False)
        return self._context.run(self.cls, *([self._argument] if takes_input else []))

    async def _run(self) -> None:
        while True:
            try:
                result = await self._instance.run(self._argument)
            except ContinueAsNew as again:
                self._argument, self._activities = again.argument, 0
                self._instance = self.cls(self._argument)
                self._host.world.trace.event("temporal", f"{self.id} continues as new")
                continue
            except Exception as problem:  # noqa: BLE001 - whatever it is, a workflow must not fail
                self.closed = True
                self._host.world.violated("I5", f"{self.id} failed with {problem!r}")
                return
            self.closed = True
            self._host.world.trace.event("temporal", f"{self.id} completed")
            self.result.set_result(result)
            return

    def _check(self) -> None:
        self._checking = False
        open_ = []
        for condition, future in self.conditions:
            if future.done():
                continue
            if condition():
                future.set_result(None)
            else:
                open_.append((condition, future))
        self.conditions = open_


class Workflows:
    """All workflows of a run, by id."""

    def __init__(self, world: World, execute: Execute, longest_history: int) -> None:
        self.world = world
        self.execute = execute
        self.longest_history = longest_history
        self.by_id: dict[str, Execution] = {}
        world.loop.on_call = _touch
        _Runtime.set_on_loop(world.loop, _RUNTIME(self))

    def start(
        self,
        cls: type,
        argument: Any,
        id_: str,
        policy: WorkflowIDReusePolicy = WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        nominal: TypedSearchAttributes = TypedSearchAttributes.empty,
    ) -> Execution:
        """Start a workflow.

        Raises:
            WorkflowAlreadyStartedError: it runs, or ran and may not run again.
        """
        before = self.by_id.get(id_)
        if before is not None and (not before.closed or policy is WorkflowIDReusePolicy.REJECT_DUPLICATE):
            raise WorkflowAlreadyStartedError(id_, cls.__name__)
        self.world.trace.event("temporal", f"{id_} started")
        execution = self.by_id[id_] = Execution(self, id_, cls, argument, nominal)
        execution.start()
        return execution

    def open(self) -> list[str]:
        """Return the ids of the workflows that have not ended."""
        return [execution.id for execution in self.by_id.values() if not execution.closed]


def _touch(context: Context) -> None:
    execution = context.get(_CURRENT)
    if execution is not None:
        execution.touched()


def _current() -> Execution:
    execution = _CURRENT.get()
    assert execution is not None, "no workflow runs here"
    return execution


class _Answers:
    def __init__(self, host: Workflows) -> None:
        super().__init__()
        self._host = host

    def workflow_info(self) -> SimpleNamespace:
        return _current().info()

    def workflow_now(self) -> datetime:
        return self._host.world.now()

    def workflow_time_ns(self) -> int:
        return (self._host.world.now() - _EPOCH) // timedelta(microseconds=1) * 1000

    def workflow_is_continue_as_new_suggested(self) -> bool:
        return _current().is_long()

    def workflow_is_replaying(self) -> bool:
        return False

    def workflow_is_replaying_history_events(self) -> bool:
        return False

    def workflow_patch(self, id: str, *, deprecated: bool, **_: Any) -> bool:  # noqa: A002 - the SDK's name
        return True

    def workflow_set_current_details(self, details: str) -> None:
        pass

    def workflow_all_handlers_finished(self) -> bool:
        return _current().handlers == 0

    def workflow_continue_as_new(self, *args: Any, **_: Any) -> None:
        raise ContinueAsNew(args[0])

    def workflow_start_activity(self, activity: Any, *args: Any, **options: Any) -> asyncio.Task[Any]:
        execution = _current()
        work = self._host.execute(activity, args, execution.id, execution.activity_id(), options)
        return self._host.world.loop.create_task(work, context=Context())

    async def workflow_start_child_workflow(self, child: Any, *args: Any, **options: Any) -> Child:
        cls = child.__globals__[child.__qualname__.partition(".")[0]]
        return Child(self._host.start(cls, args[0], options["id"], options["id_reuse_policy"]))

    async def workflow_sleep(self, duration: float, **_: Any) -> None:
        await asyncio.sleep(duration)

    async def workflow_wait_condition(
        self,
        fn: Callable[[], bool],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the SDK's name
        **_: Any,
    ) -> None:
        if fn():
            return
        future: asyncio.Future[None] = self._host.world.loop.create_future()
        _current().conditions.append((fn, future))
        # What was under way before anybody waited may make it true.
        _current().touched()
        await asyncio.wait_for(future, timeout)


@dataclass(frozen=True, slots=True)
class Child:
    """A child workflow as its parent sees it."""

    execution: Execution

    def __await__(self) -> Generator[Any, None, Any]:
        return asyncio.shield(self.execution.result).__await__()

    async def signal(self, signal: Any, argument: Any = None) -> None:
        if not self.execution.signal(workflow._SignalDefinition.must_name_from_fn_or_str(signal), argument):
            raise ApplicationError("the workflow has ended", type="ExternalWorkflowExecutionNotFound")


def _missing(name: str) -> Callable[..., Any]:
    def answer(*_: Any, **__: Any) -> Any:
        raise NotImplementedError(f"a workflow asks for {name}")

    return answer


_RUNTIME: Any = type(
    "Runtime",
    (_Answers, _Runtime),
    {name: _missing(name) for name in _Runtime.__abstractmethods__ if not hasattr(_Answers, name)},
)


def seconds(duration: timedelta | None) -> float | None:
    """Return a duration in seconds."""
    return duration.total_seconds() if duration is not None else None
