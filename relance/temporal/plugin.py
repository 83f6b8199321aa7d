"""The plugin that client, worker, tests and Replayer share, so that all use the same data converter."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from temporalio.client import Interceptor as ClientInterceptor
from temporalio.converter import PayloadCodec
from temporalio.plugin import SimplePlugin
from temporalio.worker import Interceptor as WorkerInterceptor
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from relance.temporal.payloads import data_converter
from relance.temporal.signal_guard import SignalGuard


class Sandbox(StrEnum):
    """How workflow code is kept from doing what cannot be replayed.

    `strict` imports it anew for every run, as the tests do. `off` trusts those tests and the replay of recorded
    histories; a user's follow-up with twenty timers then starts in less than half the processor time.
    """

    STRICT = "strict"
    OFF = "off"


def relance_plugin(
    sandbox: Sandbox = Sandbox.STRICT,
    interceptors: Sequence[ClientInterceptor | WorkerInterceptor] = (),
    codec: PayloadCodec | None = None,
) -> SimplePlugin:
    """Return the plugin: pydantic payloads (encrypted by a codec), the sandbox, the guard of the signals, the given."""
    runner: WorkflowRunner = SandboxedWorkflowRunner() if sandbox is Sandbox.STRICT else UnsandboxedWorkflowRunner()
    return SimplePlugin(
        "relance",
        data_converter=data_converter(codec),
        # First, so that it also holds what another one makes of a malformed header.
        interceptors=[SignalGuard(), *interceptors],
        workflow_runner=runner,
    )
