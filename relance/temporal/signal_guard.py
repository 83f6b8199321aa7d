"""What becomes of a signal that makes no sense: it is logged, counted and ignored (SPEC R5: an answer, no stack trace).

Anybody may send a signal, by the CLI or Temporal Web. The SDK fails the workflow task for whatever a handler raises and
tries it again without end, so that one signal with a typing error would keep a workflow from ever going on. What a
signal brings is in the database before it is sent; one that is ignored costs nothing but time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, TemporalError
from temporalio.worker import (
    ExecuteWorkflowInput,
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from relance.contracts.names import SIGNALS_IGNORED, ErrorType, Signal
from relance.temporal.payloads import Unreadable

KNOWN: frozenset[str] = frozenset(Signal)
OTHER = "other"
"""Names that nobody has written into the code are not shown: anybody may make up any number of them."""

UNKNOWN, UNREADABLE, ARGUMENTS, REFUSED = "unknown", "unreadable", "arguments", "refused"


class SignalGuard(Interceptor):
    """Puts `GuardedInbound` before every workflow of a worker."""

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002 - the SDK's name
    ) -> type[WorkflowInboundInterceptor]:
        """Return the class that the SDK makes one of for each workflow."""
        return GuardedInbound


class GuardedInbound(WorkflowInboundInterceptor):
    """Ignores signals that cannot be handled; refuses such updates. Emits no command, so that every history replays.

    What Temporal itself raises (an `ApplicationError` on purpose, a cancellation, continue-as-new) passes.
    """

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002 - the SDK's name
        """Run the workflow; a signal that it has no handler for comes to us instead of being kept for ever."""
        workflow.set_dynamic_signal_handler(_no_handler)
        return await super().execute_workflow(input)

    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002 - the SDK's name
        """Handle a signal, or ignore it; what comes with one that takes nothing the SDK has dropped."""
        if workflow.get_signal_handler(input.signal) is None:
            _ignored(input.signal, UNKNOWN)
        elif any(argument is None or isinstance(argument, Unreadable) for argument in input.args):
            _ignored(input.signal, UNREADABLE)
        else:
            try:
                await super().handle_signal(input)
            except TemporalError:
                raise
            except Exception as problem:  # noqa: BLE001 - whatever it is, the workflow goes on
                _ignored(input.signal, ARGUMENTS if isinstance(problem, TypeError) else REFUSED, problem)

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002 - the SDK's name
        """Handle an update. The sender of a malformed update gets an error, and the workflow goes on."""
        try:
            return await super().handle_update_handler(input)
        except TemporalError:
            raise
        except Exception as problem:  # noqa: BLE001 - whatever it is, the workflow goes on
            raise ApplicationError(
                f"the update was refused: {type(problem).__name__}", type=ErrorType.INVALID_INPUT, non_retryable=True
            ) from None


async def _no_handler(_name: str, _arguments: Sequence[RawValue]) -> None:
    """Take what has no handler of its own; `handle_signal` has counted it before."""


def _ignored(signal: str, reason: str, problem: Exception | None = None) -> None:
    """Log and count; neither shows what the signal brought, and a replay does neither."""
    name = signal if signal in KNOWN else OTHER
    what = f" ({type(problem).__name__})" if problem is not None else ""
    workflow.logger.warning("ignored a signal: %s, %s%s", name, reason, what)
    counter = workflow.metric_meter().create_counter(SIGNALS_IGNORED.replace(".", "_"))
    counter.add(1, {"signal": name, "reason": reason})
