"""The embedded stack with a worker process, for `dev` and `demo`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from temporalio.client import Client

from relance.cli.base.command import Run
from relance.cli.base.periods import today
from relance.cli.dev.sample_network import SampleNetwork
from relance.contracts.names import TaskQueue
from relance.devstack import processes
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.parts import StackPart
from relance.devstack.samples import awkward_rules, sample_people
from relance.devstack.stack import Ports, Stack
from relance.settings import Settings, load_settings
from relance.temporal.task_queues import pollers

WORKER_READY = 30.0
OURS = ("RELANCE_", "TEMPORAL_")
"""How the variables begin that our processes read."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running stack: its addresses, the settings that lead to it, a client, its worker and its sample traffic."""

    stack: Stack
    settings: Settings
    client: Client
    worker: StackPart
    network: SampleNetwork

    def environment(self) -> dict[str, str]:
        """Return the variables that lead another process here: those of the stack, and whatever else was set for us."""
        ours = {name: value for name, value in os.environ.items() if name.startswith(OURS)}
        return {**self.stack.environment(), "RELANCE_MONGO__DATABASE": self.settings.mongo.database, **ours}


@asynccontextmanager
async def embedded(
    run: Run,
    *,
    folder: Path | None,
    ports: Ports,
    database: str | None = None,
    before_worker: Callable[[], Awaitable[object]] | None = None,
) -> AsyncIterator[Embedded]:
    """Start the stack and a worker, point this process at them, and stop everything in the end.

    `before_worker` runs when the servers answer and nothing is sent yet.
    """
    async with Stack(folder, ports=ports) as stack:
        # First of all: the worker reads once where its messages go.
        await stack.open_chat()
        os.environ.update(stack.environment())
        if database is not None:
            os.environ["RELANCE_MONGO__DATABASE"] = database
        load_settings.cache_clear()
        if before_worker is not None:
            await before_worker()
        worker = StackPart("the worker", EmbeddedWorker.start(run, stack), partial(_restarted, run, stack))
        try:
            client, settings = await run.services.temporal(), run.services.settings()
            network = await _network(run, stack, settings)
            await worker.running.server.ready(_served(client), WORKER_READY)
            yield Embedded(stack, settings, client, worker, network)
        finally:
            await worker.running.stop()


@dataclass(frozen=True, slots=True)
class EmbeddedWorker:
    """A running worker."""

    server: processes.Server

    @classmethod
    def start(cls, run: Run, stack: Stack) -> EmbeddedWorker:
        """Start a worker; does not wait until it serves."""
        return cls(processes.start("worker", run.services.worker, stack.folder / "worker.log"))

    async def stop(self) -> None:
        """End it: mails in flight are finished and recorded."""
        await self.server.stop()


async def _restarted(run: Run, stack: Stack) -> EmbeddedWorker:
    return EmbeddedWorker.start(run, stack)


async def _network(run: Run, stack: Stack, settings: Settings) -> SampleNetwork:
    day = today(run.services.clock.now(), settings.everflow.timezone)
    network = SampleNetwork(stack.everflow_http, day)
    await network.load(day)
    return network


async def _served(client: Client) -> None:
    for queue in TaskQueue:
        while not await pollers(client, queue):  # noqa: ASYNC110 - only the server knows
            await asyncio.sleep(0.1)


async def load_people(run: Run, place: Embedded, users: int, contacts: int) -> bool:
    """Load sample people into an empty database, and make the mailbox behave as their addresses promise."""
    loaded = await run.services.load_samples(place.settings, *sample_people(users, contacts))
    await be_awkward(place)
    return loaded


async def be_awkward(place: Embedded) -> None:
    """Make the mailbox behave as the sample addresses promise, unless it has rules."""
    async with Mailbox(place.stack.mailbox_http) as mailbox:
        if not await mailbox.rules():
            for rule in awkward_rules():
                await mailbox.add_rule(rule)
