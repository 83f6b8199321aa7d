"""What a question costs: commands and their time, what the server looked at, and our own memory."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import psutil
from pymongo import monitoring
from pymongo.errors import PyMongoError

from relance.adapters.mongo.connection import Database
from tests.support.query_plans import is_question, scans

RANGES = 10
LOOK_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Asked:
    """The cost of one question."""

    seconds: float
    commands: int
    by_ranges: bool
    slowest_s: float
    documents: int
    keys: int
    scan: bool
    memory_mb: float

    def data(self) -> dict[str, Any]:
        """Return it for machines."""
        return asdict(self)


class _Commands(monitoring.CommandListener):
    def __init__(self) -> None:
        self.on = False
        self.sent: list[dict[str, Any]] = []
        self.slowest_s = 0.0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if self.on and is_question(event.command_name):
            self.sent.append({key: value for key, value in event.command.items() if not key.startswith("$")})

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self._ended(event.duration_micros)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        self._ended(event.duration_micros)

    def _ended(self, microseconds: int) -> None:
        if self.on:
            self.slowest_s = max(self.slowest_s, microseconds / 1e6)


class Watching:
    """Watches this process and its server while a question is asked; `asked` is there at the end."""

    _commands: ClassVar[_Commands | None] = None

    def __init__(self, database: Database) -> None:
        self._database = database
        self.asked = Asked(0, 0, by_ranges=False, slowest_s=0, documents=0, keys=0, scan=False, memory_mb=0)

    @classmethod
    def begin(cls) -> None:
        """Listen to every client that is opened from now on."""
        if cls._commands is None:
            cls._commands = _Commands()
            monitoring.register(cls._commands)

    async def __aenter__(self) -> Self:
        assert self._commands is not None
        self._before = await self._counters()
        self._commands.sent.clear()
        self._commands.slowest_s, self._commands.on = 0.0, True
        self._memory = _Memory()
        self._begun = time.perf_counter()
        return self

    async def __aexit__(self, *_: object) -> None:
        seconds = time.perf_counter() - self._begun
        commands = self._commands
        assert commands is not None
        commands.on = False
        memory_mb = self._memory.stop()
        keys, documents = (now - before for now, before in zip(await self._counters(), self._before, strict=True))
        self.asked = Asked(
            seconds=round(seconds, 3),
            commands=len(commands.sent),
            by_ranges=len(commands.sent) > RANGES,
            slowest_s=round(commands.slowest_s, 3),
            documents=documents,
            keys=keys,
            scan=await self._scan(commands.sent),
            memory_mb=round(memory_mb, 1),
        )

    async def _counters(self) -> tuple[int, int]:
        status = await self._database.client.admin.command("serverStatus")
        executor = status["metrics"]["queryExecutor"]
        return int(executor["scanned"]), int(executor["scannedObjects"])

    async def _scan(self, sent: list[dict[str, Any]]) -> bool:
        # Those of one question are alike: the first and the last of each name.
        chosen = {next(iter(one)): one for one in (*sent, *reversed(sent))}
        for command in chosen.values():
            try:
                if await scans(self._database.raw, command):
                    return True
            except PyMongoError:
                continue
        return False


class _Memory:
    """The largest resident set of this process since it began to look."""

    def __init__(self) -> None:
        self._process, self._peak, self._over = psutil.Process(), 0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        self._over.set()
        self._thread.join()
        return self._peak / 2**20

    def _look(self) -> None:
        while True:
            self._peak = max(self._peak, self._process.memory_info().rss)
            if self._over.wait(LOOK_EVERY_S):
                return
