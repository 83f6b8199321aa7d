"""The watchdog, run as cron runs it: silent while all is well, and the first to say that the workers died (SPEC H3)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from relance.devstack.stack import chat_environment
from relance.domain.cycle.control import ControlState
from relance.runtime.process_exit import DONE, JOB_FAILED, UNREACHABLE
from tests.support.commands import starter
from tests.support.installation import Installation
from tests.support.patience import PATIENCE_S
from tests.support.people import people
from tests.support.terminal import Terminal

PERIOD = "2027-01"
"""One that `bootstrap` does not open by itself."""

HEALTH_PERIOD_S = 30.0
# A tenth of the defaults, as the health period is a tenth of its own.
SCALED = {
    "RELANCE_JOBS__HEALTH_CRON": "*/30 * * * * * *",
    "RELANCE_WATCHDOG__MAILS_WITHIN": "PT15S",
    "RELANCE_WATCHDOG__JOBS_WITHIN": "PT10S",
    "RELANCE_WATCHDOG__TASKS_WITHIN": "PT10S",
    "RELANCE_MAIL__RATE": "2",
}


@dataclass
class DeadmanService:
    """Takes calls, and counts them."""

    url: str = ""
    calls: list[str] = field(default_factory=list)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.calls.append(head.decode().splitlines()[0])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK")
        await writer.drain()
        writer.close()


@pytest.fixture
async def deadman(installation: Installation, chat_http: str) -> AsyncIterator[DeadmanService]:
    service = DeadmanService()
    server = await asyncio.start_server(service.take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    service.url = f"http://127.0.0.1:{port}/ping/a-secret-token"
    installation.environment |= {
        **SCALED,
        **chat_environment(chat_http),
        "RELANCE_WATCHDOG__DEADMAN_URL": service.url,
        "RELANCE_CHANNELS__LOCAL_HOSTS": f"127.0.0.1:{port},{urlsplit(chat_http).netloc}",
    }
    yield service
    server.close()
    await server.wait_closed()


async def looked(installation: Installation) -> tuple[int, dict[str, Any]]:
    code, said, _ = await starter(installation, "watchdog")
    return code, {one["what"]: one for one in said["effects"]}


def stopped(effects: dict[str, Any]) -> set[str]:
    return {what for what, one in effects.items() if one["state"] == "stopped"}


async def until(
    installation: Installation, is_there: Callable[[int, set[str]], bool], within: float
) -> tuple[float, dict[str, Any]]:
    """Look again and again until exit code and what has stopped are right; return the seconds, and the effects."""
    begun = time.monotonic()
    while True:
        code, effects = await looked(installation)
        took = time.monotonic() - begun
        if is_there(code, stopped(effects)):
            return took, effects
        assert took < within, (code, effects)
        await asyncio.sleep(0.5)


@pytest.mark.slow(100)
async def test_within_a_health_period_of_the_workers_death_the_watchdog_names_what_has_stopped(
    installation: Installation, deadman: DeadmanService
) -> None:
    await installation.load(*people(4, 20))
    worker = await installation.start_worker()
    code, _, _ = await starter(installation, "bootstrap")
    assert code == DONE
    # Once all is well, also after the health check's first nominal time, which comes within a period.
    async with asyncio.timeout(5 * PATIENCE_S):
        while True:
            code, well = await looked(installation)
            if code == DONE and "record" in well["job health"]["detail"]:
                break
            await asyncio.sleep(0.5)
    assert {"mails", "alerts", "queue relance-mail", "job health", "gateway", "dead-man service"} <= set(well)
    assert set(deadman.calls) == {"POST /ping/a-secret-token HTTP/1.1"}
    await installation.start_cycle(PERIOD)
    await asyncio.sleep(3)
    calls = len(deadman.calls)
    worker.kill()
    took, ill = await until(installation, lambda code, names: code == JOB_FAILED and "mails" in names, HEALTH_PERIOD_S)
    assert took < HEALTH_PERIOD_S
    assert "plans are due" in ill["mails"]["detail"]
    assert ill["mails"]["since"]
    await until(installation, lambda _, names: {"job health", "queue relance-ops"} <= names, 2 * PATIENCE_S)
    assert len(deadman.calls) == calls, "nobody is told that all is well"
    # A cycle that a person has stopped is no fault.
    await starter(installation, "cycle", "pause", PERIOD, "--reason", "the relay moves house")
    assert (await installation.database.controls.get(PERIOD)).state is ControlState.PAUSED
    assert (await looked(installation))[1]["mails"]["state"] == "held"


async def test_a_server_that_is_away_is_another_exit_code(installation: Installation, deadman: DeadmanService) -> None:
    installation.environment["TEMPORAL_ADDRESS"] = "127.0.0.1:1"
    code, effects = await looked(installation)
    assert (code, effects["Temporal"]["state"], effects["mails"]["state"]) == (UNREACHABLE, "unreachable", "ok")
    installation.environment["RELANCE_MONGO__URI"] = "mongodb://127.0.0.1:1/?replicaSet=rs0"
    code, effects = await looked(installation)
    assert (code, effects["MongoDB"]["state"], deadman.calls) == (UNREACHABLE, "unreachable", [])
    said = Terminal(installation.environment).run("watchdog", "--quiet")
    assert said.code == UNREACHABLE
    assert "Temporal" in said.out
    assert "mails" not in said.out, "what is well is not worth a mail"
