"""Several worker processes under one: started, watched, replaced, stopped together (SPEC C15).

Supervisor and child hold the two ends of a socket. A byte from the child means that it takes work; the
supervisor's end closing at its death tells the child to stop, also when the supervisor was killed outright.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from relance.runtime.process_exit import DONE, JOB_FAILED, UNREACHABLE
from relance.runtime.shutdown import stop_requested
from relance.settings.monitoring import Monitoring

SOCKET_VARIABLE = "RELANCE_SUPERVISOR_FD"
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
STEADY = 60.0
"""Seconds after which a child that dies is taken for a new trouble, and replaced at once again."""

logger = logging.getLogger(__name__)


def join_supervisor() -> Callable[[], None]:
    """Return the function by which this process reports that it takes work; to be called early in a child.

    From now on this process gets SIGTERM when its supervisor is gone. Without a supervisor it does nothing.
    """
    number = os.environ.pop(SOCKET_VARIABLE, None)
    if number is None:
        return lambda: None
    lifeline = socket.socket(fileno=int(number))
    lifeline.set_inheritable(False)

    def watch() -> None:
        with contextlib.suppress(OSError):
            lifeline.recv(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="supervisor-watch", daemon=True).start()

    def ready() -> None:
        with contextlib.suppress(OSError):
            lifeline.send(b"r")

    return ready


def child_environment(monitoring: Monitoring) -> Callable[[int], Mapping[str, str]]:
    """Return what is different for each child: ports of its own, counted up from those in the settings."""
    ports = {"METRICS_PORT": monitoring.metrics_port, "HEALTH_PORT": monitoring.health_port}

    def of(index: int) -> Mapping[str, str]:
        return {f"RELANCE_MONITORING__{name}": str(port + index) for name, port in ports.items() if port}

    return of


async def supervise(
    argv: Sequence[str],
    processes: int,
    *,
    drain: float,
    environment: Callable[[int], Mapping[str, str]] = lambda _: {},
) -> int:
    """Keep `processes` children running until SIGTERM or SIGINT, then stop them; return the exit code.

    A child that dies is replaced, after a pause that doubles from 0.5 to 30 s. One that ends at the first start before
    it reported ready stops all: its exit code becomes ours. `drain` is how many seconds the children have to stop.
    """
    stop = stop_requested()
    children = [_Child(argv, index, stop, drain, environment(index)) for index in range(processes)]
    codes = await asyncio.gather(*(child.keep_running() for child in children))
    return next((code for code in codes if code != DONE), DONE)


@dataclass
class _Child:
    argv: Sequence[str]
    index: int
    stop: asyncio.Event
    drain: float
    environment: Mapping[str, str]
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def keep_running(self) -> int:
        pause = FIRST_PAUSE
        loop = asyncio.get_running_loop()
        while not self.stop.is_set():
            started = loop.time()
            code = await self._run_once()
            # What all of them find wrong at their start is wrong with the installation; the first to report it is
            # enough.
            own = code if not self.ready.is_set() and JOB_FAILED <= code <= UNREACHABLE else JOB_FAILED
            if self.stop.is_set():
                # One that SIGTERM ended by itself had not come as far as handling it: it had no work.
                return DONE if code in {DONE, -signal.SIGTERM} else own
            if not self.ready.is_set():
                logger.error("worker %d ended with %d before it was ready; stopping", self.index, code)
                self.stop.set()
                return own
            pause = FIRST_PAUSE if loop.time() - started > STEADY else pause
            logger.warning("worker %d ended with %d; starting it again in %.1f s", self.index, code, pause)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        return DONE

    async def _run_once(self) -> int:
        """Start the child, and return its exit code when it has ended, by itself or because all stop."""
        ours, theirs = socket.socketpair()
        ours.settimeout(0)
        with ours:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    *self.argv,
                    env={**os.environ, **self.environment, SOCKET_VARIABLE: str(theirs.fileno())},
                    pass_fds=[theirs.fileno()],
                    # A terminal's Ctrl-C would reach the child twice: from the terminal and from here.
                    start_new_session=True,
                )
            reader = asyncio.create_task(self._wait_ready(ours))
            ended = asyncio.create_task(process.wait())
            asked = asyncio.create_task(self.stop.wait())
            await asyncio.wait([ended, asked], return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                await self._stop(process, ended)
            asked.cancel()
            await reader  # the child's end is closed: either its byte is there or never comes
            return await ended

    async def _wait_ready(self, ours: socket.socket) -> None:
        if await asyncio.get_running_loop().sock_recv(ours, 1):
            logger.info("worker %d is ready", self.index)
            self.ready.set()

    async def _stop(self, process: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        done, _ = await asyncio.wait([ended], timeout=self.drain)
        if not done:
            logger.error("worker %d did not stop within %.0f s; killing it", self.index, self.drain)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
