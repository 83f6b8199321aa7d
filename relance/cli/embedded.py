"""The embedded stack with a worker process, for `dev` and `demo`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client

from relance.cli.command import Run
from relance.cli.periods import today
from relance.cli.sample_network import SampleNetwork
from relance.contracts.names import TaskQueue
from relance.devstack import processes
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.samples import awkward_rules, sample_people
from relance.devstack.stack import Ports, Stack
from relance.errors import DependencyUnavailable
from relance.settings import Settings, load_settings
from relance.temporal.task_queues import pollers

WORKER_READY = 30.0


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running stack: its addresses, the settings that lead to it, a client, its worker and its sample traffic."""

    stack: Stack
    settings: Settings
    client: Client
    worker: processes.Server
    network: SampleNetwork

    def environment(self) -> dict[str, str]:
        """Return the variables that lead another process here."""
        return {**self.stack.environment(), "RELANCE_MONGO__DATABASE": self.settings.mongo.database}

    def exports(self) -> str:
        """Return the same as lines for a shell."""
        return "\n".join(f"export {name}='{value}'" for name, value in self.environment().items())


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
        worker = processes.start("worker", run.services.worker, stack.folder / "worker.log")
        try:
            client, settings = await run.services.temporal(), run.services.settings()
            network = await _network(run, stack, settings)
            await worker.ready(_served(client), WORKER_READY)
            yield Embedded(stack, settings, client, worker, network)
        finally:
            await worker.stop()


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
    async with Mailbox(place.stack.mailbox_http) as mailbox:
        if not await mailbox.rules():
            for rule in awkward_rules():
                await mailbox.add_rule(rule)
    return loaded


def check_worker(place: Embedded) -> None:
    """Make sure that the worker is still there.

    Raises:
        DependencyUnavailable: it ended; quotes the end of its log.
    """
    if not place.worker.running:
        raise DependencyUnavailable("worker", f"it ended; its log {place.worker.log} says\n{place.worker.log_tail()}")
