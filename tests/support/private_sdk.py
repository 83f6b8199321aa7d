"""What the tests need of temporalio 1.35 that the SDK does not publish: the only module that may name it.

- `workflow._context._Runtime`: `workflow.now()`, `workflow.sleep()` and the like ask the runtime of their event loop.
  The simulation is such a runtime. The public ones are servers, and none lives a thousand months in a minute.
- `workflow.Info._logger_details`: `workflow.logger` asks the information about the run for it.
- `workflow._Definition` and `__temporal_workflow_init`: which handlers a workflow has, the types of their arguments,
  and whether its `__init__` takes the input. No public function returns what the decorators noted.
- `workflow._SignalDefinition`: the name of a signal that is given as its handler.
- `activity._Definition`: the name of an activity, and the types of its arguments.
- `worker._workflow._WorkflowWorker` and its `_deadlock_timeout_seconds`: a workflow task that takes more than two
  seconds is broken off by an exception in its thread, wherever that is just then. On a machine with six test processes
  two seconds are no sign of a deadlock. The only public way around the limit, `debug_mode`, changes the sandbox too.

`tests/architecture/test_private_sdk.py` fails when the SDK changes one of them, or when another module names them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from temporalio import activity, workflow
from temporalio.worker._workflow import _WorkflowWorker
from temporalio.workflow._context import _Runtime

from tests.support.patience import PATIENCE_S


@dataclass(frozen=True, slots=True)
class Handler:
    """A handler of signals or queries: a function of the instance, and the types of its arguments."""

    fn: Callable[..., Any]
    arg_types: Sequence[type] | None


@dataclass(frozen=True, slots=True)
class WorkflowDefinition:
    """What the decorators noted about a workflow; `takes_input` says whether its `__init__` does."""

    name: str
    arg_types: list[type] | None
    ret_type: type | None
    signals: Mapping[str, Handler]
    queries: Mapping[str, Handler]
    takes_input: bool
    has_versioning_behavior: bool


@dataclass(frozen=True, slots=True)
class ActivityDefinition:
    """What the decorator noted about an activity."""

    name: str
    arg_types: list[type] | None
    ret_type: type | None


def workflow_definition(cls: type) -> WorkflowDefinition:
    """Return what is known of a workflow; the handlers are those with names."""
    found = workflow._Definition.must_from_class(cls)
    assert found.name is not None
    return WorkflowDefinition(
        name=found.name,
        arg_types=found.arg_types,
        ret_type=found.ret_type,
        signals={name: Handler(one.fn, one.arg_types) for name, one in found.signals.items() if name is not None},
        queries={name: Handler(one.fn, one.arg_types) for name, one in found.queries.items() if name is not None},
        takes_input=getattr(cls.__dict__.get("__init__"), "__temporal_workflow_init", False),
        has_versioning_behavior=bool(found.versioning_behavior),
    )


def activity_definition(method: Callable[..., Any]) -> ActivityDefinition:
    """Return what is known of an activity."""
    found = activity._Definition.must_from_callable(method)
    assert found.name is not None
    return ActivityDefinition(found.name, found.arg_types, found.ret_type)


def signal_name(signal: str | Callable[..., Any]) -> str:
    """Return the name of a signal that is given by name or as its handler."""
    return workflow._SignalDefinition.must_name_from_fn_or_str(signal)


def workflow_info(**fields: Any) -> SimpleNamespace:
    """Return what `workflow.info()` answers: these fields, and nothing more for the logger."""
    return SimpleNamespace(**fields, _logger_details=dict)


def runtime_of(answers: type) -> type:
    """Return the class of a runtime with these answers; a workflow that asks it for another thing fails.

    Raises:
        AttributeError: the SDK has no such question.
    """
    given = [name for name in vars(answers) if name.startswith("workflow_")]
    if unknown := [name for name in given if not hasattr(_Runtime, name)]:
        raise AttributeError(f"the SDK asks its runtime for none of {unknown} by now")
    others = {name: _missing(name) for name in _Runtime.__abstractmethods__ if not hasattr(answers, name)}
    return type("Runtime", (answers, _Runtime), others)


def install_runtime(loop: asyncio.AbstractEventLoop, runtime: Any) -> None:
    """Have the workflows on this loop find their runtime."""
    _Runtime.set_on_loop(loop, runtime)


def stretch_deadlock_limit() -> None:
    """Let workflows of this process stand still for as long as a test waits."""
    setattr(_WorkflowWorker, "__init__", _patient)  # noqa: B010 - mypy refuses a plain assignment


_init = _WorkflowWorker.__init__


def _patient(self: _WorkflowWorker, *arguments: Any, **named: Any) -> None:
    _init(self, *arguments, **named)
    if not hasattr(self, "_deadlock_timeout_seconds"):
        raise AttributeError("the SDK keeps its limit elsewhere by now: look for 'Potential deadlock' there")
    self._deadlock_timeout_seconds = int(PATIENCE_S)


def _missing(name: str) -> Callable[..., Any]:
    def answer(*_: Any, **__: Any) -> Any:
        raise NotImplementedError(f"a workflow asks for {name}")

    return answer
