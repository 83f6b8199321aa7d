"""The servers of a run, each of which can be killed and started again where it was."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import psutil

from relance.devstack import mongod, processes, temporal_server
from relance.devstack.stack import Given, Stack


class Running(Protocol):
    """What the functions that start a server return."""

    server: processes.Server

    async def stop(self) -> None:
        """End it in good order."""


class Restartable:
    """A server on a fixed port and fixed data; `start` starts it and waits until it serves."""

    def __init__(self, start: Callable[[], Awaitable[Running]]) -> None:
        self._start = start
        self._running: Running | None = None

    async def start(self) -> None:
        """Start it, on the data that is there."""
        self._running = await self._start()

    @property
    def runs(self) -> bool:
        """Whether its process is alive."""
        return self._running is not None and self._running.server.running

    async def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        assert self._running is not None
        # The guard's only child is the server itself.
        for process in psutil.Process(self._running.server.guard_pid).children():
            process.kill()
        await self._running.server.stop()

    def freeze(self) -> None:
        """Let it stand still: connections stay open, and nothing answers."""
        assert self._running is not None
        for process in psutil.Process(self._running.server.guard_pid).children():
            process.suspend()

    def thaw(self) -> None:
        """Let it go on as if no time had passed."""
        assert self._running is not None
        for process in psutil.Process(self._running.server.guard_pid).children():
            process.resume()

    async def stop(self) -> None:
        """End it in good order; safe when it is dead."""
        if self._running is not None:
            await self._running.stop()


class Killable(Protocol):
    """One or more servers that can be killed and started again."""

    @property
    def runs(self) -> bool:
        """Whether all of it is alive."""

    async def start(self) -> None:
        """Start what does not run, on the data that is there."""

    async def kill(self) -> None:
        """End it, or the one that matters, with SIGKILL."""

    async def stop(self) -> None:
        """End it in good order."""


@dataclass(frozen=True, slots=True)
class Servers:
    """The stack, those of its servers that a scenario may kill, and the settings with which workers use the others."""

    stack: Stack
    mongo: Killable
    temporal: Killable
    environment: Mapping[str, str] = field(default_factory=dict)


class NotRun(Exception):
    """This machine cannot make the fault happen; the text says why."""


@asynccontextmanager
async def restartable_servers(
    parameters: tuple[str, ...] = (),
    data: Path | None = None,
    given: Given | None = None,
    dynamic_config: Mapping[str, object] | None = None,
) -> AsyncIterator[Servers]:
    """Start everything but what is given.

    `parameters` go to MongoDB's `--setParameter`, its data lies in `data`; `dynamic_config` is Temporal's.
    """
    with tempfile.TemporaryDirectory(prefix="relance-faults-", ignore_cleanup_errors=True) as name:
        folder, port = Path(name), processes.free_port()
        mongo = Restartable(lambda: mongod.start(folder, port, parameters=parameters, data=data))
        async with serving_on(
            folder, f"mongodb://{processes.HOST}:{port}/?replicaSet=rs0", mongo, given, dynamic_config
        ) as servers:
            yield servers


@asynccontextmanager
async def serving_on(
    folder: Path,
    mongo_uri: str,
    mongo: Killable,
    given: Given | None = None,
    dynamic_config: Mapping[str, object] | None = None,
) -> AsyncIterator[Servers]:
    """Start this MongoDB and everything else that is not given, with data in `folder`; stop all at the end."""
    port, ui_port = processes.free_port(), processes.free_port()
    temporal = Restartable(lambda: temporal_server.start(folder, port, ui_port, dynamic_config))
    async with AsyncExitStack() as closing:
        for server in (mongo, temporal):
            closing.push_async_callback(server.stop)
        await asyncio.gather(mongo.start(), temporal.start())
        known = replace(given or Given(), mongo_uri=mongo_uri, temporal_address=f"{processes.HOST}:{port}")
        stack = await closing.enter_async_context(Stack(folder, given=known))
        yield Servers(stack, mongo, temporal)
