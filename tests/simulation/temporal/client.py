"""The SDK's client as our adapters use it, over a way that loses calls and answers; the adapters are the real ones."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from temporalio.client import Client
from temporalio.client import WorkflowExecutionStatus as Status
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode

from tests.simulation.temporal.run import WorkflowRun
from tests.simulation.temporal.server import Missing, Workflows
from tests.simulation.temporal.wire import carried, packed, unpacked
from tests.simulation.world import Process
from tests.support.private_sdk import signal_name, workflow_definition
from workflows.registry import WORKFLOWS

T = TypeVar("T")

_BY_NAME = {workflow_definition(cls).name: cls for those in WORKFLOWS.values() for cls in those}
_IDS = re.compile(r"'([^']*)'")


@dataclass(frozen=True, slots=True)
class Description:
    """What the server says of a workflow."""

    id: str
    run_id: str
    status: Status
    start_time: datetime
    close_time: datetime | None
    workflow_type: str
    history_length: int


class SimulatedClient:
    """A client of one process."""

    def __init__(self, workflows: Workflows, process: Process) -> None:
        self.workflows = workflows
        self.process = process

    async def start_workflow(
        self,
        workflow_: Any,
        argument: Any = None,
        *,
        id: str,  # noqa: A002 - the SDK's name
        args: Sequence[Any] = (),
        id_reuse_policy: WorkflowIDReusePolicy = WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy: WorkflowIDConflictPolicy = WorkflowIDConflictPolicy.UNSPECIFIED,
        start_signal: str | None = None,
        start_signal_args: Sequence[Any] = (),
        **_: Any,
    ) -> SimulatedHandle:
        """Start a workflow, or tell the one that runs."""
        cls = _BY_NAME[str(workflow_) if isinstance(workflow_, str) else workflow_.__qualname__.partition(".")[0]]
        payloads = packed(list(args) or ([] if argument is None else [argument]))
        signal = (str(start_signal), packed(start_signal_args)) if start_signal is not None else None

        def start() -> None:
            self.workflows.start(cls, payloads, id, id_reuse_policy, id_conflict_policy, signal=signal)

        await call(self.workflows, self.process, f"start {id}", start)
        return SimulatedHandle(self, id)

    @property
    def data_converter(self) -> Any:
        """How values travel."""
        return pydantic_data_converter

    def get_workflow_handle(self, workflow_id: str, *, result_type: Any = None, **_: Any) -> SimulatedHandle:
        """Return the handle of a workflow, which may exist or not."""
        return SimulatedHandle(self, workflow_id, result_type)

    async def list_workflows(self, query: str, **_: Any) -> AsyncIterator[Description]:
        """Yield the workflows that a query of ours is about: by ids, by the beginning of an id, those that run."""
        for one in await call(self.workflows, self.process, "list", lambda: self._listed(query)):
            yield one

    async def count_workflows(self, query: str, **_: Any) -> Any:
        """Count them."""
        found = await call(self.workflows, self.process, "count", lambda: self._listed(query))
        return type("Count", (), {"count": len(found)})()

    def _listed(self, query: str) -> list[Description]:
        known = re.sub(r"WorkflowType = '\w+'|WorkflowId (IN \([^)]*\)|STARTS_WITH '[^']*'|= '[^']*')", "", query)
        known = re.sub(r"ExecutionStatus = 'Running'|AND", "", known).strip()
        if known:
            raise NotImplementedError(f"a query with {known!r}")
        runs = [those[-1] for those in self.workflows.runs.values()]
        if "ExecutionStatus = 'Running'" in query:
            runs = [run for run in runs if not run.closed]
        if found := re.search(r"WorkflowType = '(\w+)'", query):
            runs = [run for run in runs if run.start.cls.__name__ == found[1]]
        if found := re.search(r"WorkflowId (?:IN \(([^)]*)\)|= ('[^']*'))", query):
            ids = set(_IDS.findall(found[1] or found[2]))
            runs = [run for run in runs if run.id in ids]
        if found := re.search(r"WorkflowId STARTS_WITH '([^']*)'", query):
            runs = [run for run in runs if run.id.startswith(found[1])]
        return [described(run) for run in runs]


class SimulatedHandle:
    """A workflow as a client reaches it."""

    def __init__(self, client: SimulatedClient, id_: str, result_type: Any = None) -> None:
        self._client = client
        self._result_type = result_type
        self.id = id_

    async def signal(self, name: Any, argument: Any = None, *, args: Sequence[Any] = (), **_: Any) -> None:
        """Tell it something."""
        told = signal_name(name)
        payloads = packed(list(args) or ([] if argument is None else [argument]))
        await self._call(f"tell {told} {self.id}", lambda: self._workflows.signal(self.id, told, payloads))

    async def describe(self, **_: Any) -> Description:
        """Return what the server knows of it."""

        def describe() -> Description:
            run = self._workflows.current(self.id)
            if run is None:
                raise Missing("workflow not found for ID")
            return described(run)

        return await self._call(f"describe {self.id}", describe)

    async def query(self, name: str, *, result_type: Any = None, **_: Any) -> Any:
        """Ask it something."""

        def ask() -> Any:
            run = self._workflows.current(self.id)
            if run is None:
                raise Missing("workflow not found for ID")
            return carried(run.query(str(name)), result_type)

        return await self._call(f"query {name} {self.id}", ask)

    async def result(self, **_: Any) -> Any:
        """Return how it ended, as soon as it has."""
        run = await self._call(f"result {self.id}", lambda: self._workflows.current(self.id))
        if run is None or run.told is None or isinstance(run.told, BaseException):
            raise RPCError("no result", RPCStatusCode.DEADLINE_EXCEEDED, b"")
        return unpacked(run.told, [self._result_type] if self._result_type is not None else None)[0]

    async def fetch_history_events(self, **_: Any) -> AsyncIterator[Any]:
        """Yield the first event: with what it was started."""

        def first() -> Any:
            run = self._workflows.current(self.id)
            if run is None:
                raise Missing("workflow not found for ID")
            return run.start.payloads

        payloads = await self._call(f"history {self.id}", first)
        started = SimpleNamespace(input=SimpleNamespace(payloads=payloads))
        yield SimpleNamespace(workflow_execution_started_event_attributes=started)

    async def terminate(self, *_: Any, reason: str = "", **__: Any) -> None:
        """End it at once."""
        await self._call(f"terminate {self.id}", lambda: self._workflows.terminate(self.id))

    async def cancel(self, **_: Any) -> None:
        """Ask it to end."""
        await self._call(f"cancel {self.id}", lambda: self._workflows.cancel(self.id))

    @property
    def _workflows(self) -> Workflows:
        return self._client.workflows

    async def _call(self, what: str, work: Callable[[], T]) -> T:
        return await call(self._workflows, self._client.process, what, work)


def simulated_client(workflows: Workflows, process: Process) -> Client:
    """Return a client for the real adapters."""
    return cast("Client", SimulatedClient(workflows, process))


def described(run: WorkflowRun) -> Description:
    """Return what the server says of a run."""
    return Description(
        id=run.id,
        run_id=run.run_id,
        status=run.status,
        start_time=run.begun_at,
        close_time=run.closed_at,
        workflow_type=run.start.cls.__name__,
        history_length=run.length,
    )


async def call(workflows: Workflows, process: Process, what: str, work: Callable[[], T]) -> T:
    """Call the server for a process: refused, done without an answer, or done.

    Raises:
        RPCError: the server is away, or the call or its answer was lost, or nothing of this id runs.
    """
    world = workflows.world
    if world.over:
        await world.hang()

    def arrive() -> object:
        # The process has died; what it sent arrives all the same, at a server that is there.
        return work() if world.server_is_up else None

    await world.way(process, world.dice.uniform(0.001, 0.05), lambda: _quietly(arrive))
    if not world.server_is_up:
        world.trace.fault(process.name, "server-down", what)
        await asyncio.sleep(world.dice.uniform(0.1, 10.0))
        raise RPCError("simulated", RPCStatusCode.UNAVAILABLE, b"")
    if world.chance(world.rates.follow_ups):
        world.trace.fault(process.name, "temporal-before", what)
        raise RPCError("simulated", RPCStatusCode.UNAVAILABLE, b"")
    world.trace.event(process.name, what)
    try:
        result = work()
    except Missing as missing:
        raise RPCError(str(missing), RPCStatusCode.NOT_FOUND, b"") from None
    await asyncio.sleep(world.dice.uniform(0.001, 0.05))
    if world.chance(world.rates.follow_ups):
        world.trace.fault(process.name, "temporal-after", what)
        raise RPCError("simulated", RPCStatusCode.UNAVAILABLE, b"")
    return result


def _quietly(work: Callable[[], object]) -> None:
    try:
        work()
    except Exception:  # noqa: BLE001 - nobody is left who would hear of it
        return
