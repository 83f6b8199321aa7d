"""The SDK's own patience with a workflow, stretched for machines that are busy with tests.

A workflow task that takes more than two seconds is broken off by an exception in its thread, wherever that is just
then. On a machine with six test processes two seconds are no sign of a deadlock. The limit is private in
temporalio 1.35; the only public way around it, `debug_mode`, changes the sandbox as well.
"""

from __future__ import annotations

from typing import Any

from temporalio.worker._workflow import _WorkflowWorker

from tests.support.patience import PATIENCE_S

_init = _WorkflowWorker.__init__


def _patient(self: _WorkflowWorker, *arguments: Any, **named: Any) -> None:
    _init(self, *arguments, **named)
    if not hasattr(self, "_deadlock_timeout_seconds"):
        raise AttributeError("the SDK keeps its limit elsewhere by now: look for 'Potential deadlock' there")
    self._deadlock_timeout_seconds = int(PATIENCE_S)


def stretch() -> None:
    """Let workflows of this process stand still for as long as a test waits."""
    setattr(_WorkflowWorker, "__init__", _patient)  # noqa: B010 - mypy refuses a plain assignment
