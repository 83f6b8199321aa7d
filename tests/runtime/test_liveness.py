from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from relance.adapters.clock import SystemClock
from relance.domain.health.probes import WorkerReport
from relance.domain.mail.breaker import BreakerState
from relance.errors import DependencyUnavailable
from relance.runtime.health_endpoint import HealthEndpoint
from relance.runtime.liveness import STUCK_AFTER, Liveness, ticking
from relance.runtime.reporter import Reporter, lately, reporting, worker_name
from tests.support.patience import PATIENCE_S

EVERY = timedelta(milliseconds=50)


class Watch:
    """A clock that the test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def liveness(watch: Watch) -> Liveness:
    return Liveness(20.0, watch, polling=lambda: True)


@pytest.fixture
def asked(liveness: Liveness) -> Iterator[Callable[[str], tuple[int, Any]]]:
    endpoint = HealthEndpoint("127.0.0.1", 0, liveness)

    def ask(path: str) -> tuple[int, Any]:
        answer = httpx.get(f"{endpoint.url}{path}", trust_env=False)
        return answer.status_code, json.loads(answer.text) if answer.status_code in {200, 503} else None

    yield ask
    endpoint.close()


def test_a_process_is_not_ready_before_it_has_reached_its_servers(
    liveness: Liveness, asked: Callable[[str], tuple[int, Any]]
) -> None:
    assert asked("/ready") == (503, {"ready": False, "missing": ["starting"]})
    assert asked("/live")[0] == 200
    liveness.answered("mongodb")
    assert asked("/ready") == (200, {"ready": True, "missing": []})


def test_a_server_that_has_not_answered_lately_is_lost(
    liveness: Liveness, watch: Watch, asked: Callable[[str], tuple[int, Any]]
) -> None:
    liveness.answered("mongodb")
    watch.now += 21
    liveness.answered("temporal")
    liveness.ticked = watch.now
    assert asked("/ready") == (503, {"ready": False, "missing": ["lost_mongodb"]})
    assert asked("/live")[0] == 200


def test_a_process_that_drains_or_does_not_poll_is_live_and_not_ready(
    liveness: Liveness, asked: Callable[[str], tuple[int, Any]]
) -> None:
    liveness.answered("mongodb")
    liveness.polling = lambda: False
    assert asked("/ready")[1]["missing"] == ["not_polling"]
    liveness.draining = True
    assert asked("/ready")[1]["missing"] == ["draining"]
    assert asked("/live")[0] == 200


def test_a_loop_that_does_not_turn_is_not_live(
    liveness: Liveness, watch: Watch, asked: Callable[[str], tuple[int, Any]]
) -> None:
    watch.now += STUCK_AFTER
    assert asked("/live")[0] == 503
    assert asked("/ready")[0] == 503


def test_there_is_nothing_else(asked: Callable[[str], tuple[int, Any]]) -> None:
    assert asked("/")[0] == 404


async def test_the_loop_says_that_it_turns() -> None:
    liveness = Liveness(20.0)
    liveness.ticked = 0.0
    async with ticking(liveness):
        await asyncio.sleep(0.05)
    assert time.monotonic() - liveness.ticked < 1


class Register:
    """Workers in memory; a silent one cannot be reached."""

    def __init__(self) -> None:
        self.reports: list[WorkerReport] = []
        self.left: list[str] = []
        self.silent = False

    async def report(self, report: WorkerReport) -> None:
        if self.silent:
            raise DependencyUnavailable("MongoDB", "on demand")
        self.reports.append(report)

    async def leave(self, worker: str) -> None:
        self.left.append(worker)

    async def alive(self, since: datetime) -> list[WorkerReport]:
        return [one for one in self.reports if one.at >= since]


def reporter(register: Register, liveness: Liveness) -> Reporter:
    async def check_connection() -> None:
        if register.silent:
            raise DependencyUnavailable("Temporal", "on demand")

    breakers = {"provider gmail": BreakerState.OPEN, "relay": BreakerState.CLOSED}
    return Reporter(register, check_connection, lambda: breakers, "mail", EVERY, liveness, SystemClock())


async def test_a_process_reports_its_memory_and_its_open_breakers_until_it_ends() -> None:
    register, liveness = Register(), Liveness(20.0)
    async with reporting(reporter(register, liveness)):
        async with asyncio.timeout(PATIENCE_S):
            while len(register.reports) < 2:
                await asyncio.sleep(0.01)
    assert len(register.reports) > 1
    newest = register.reports[-1]
    assert (newest.worker, newest.role, newest.breakers) == (worker_name(), "mail", {"provider gmail": 2})
    assert 10 < newest.rss_mb < 2000
    assert newest.started_at <= newest.at <= datetime.now(UTC)
    assert register.left == [worker_name()]
    assert liveness.reached.keys() == {"mongodb", "temporal"}


async def test_servers_that_do_not_answer_stop_neither_the_process_nor_its_reports() -> None:
    register, liveness = Register(), Liveness(0.15, polling=lambda: True)
    async with reporting(reporter(register, liveness)):
        for silent, missing in ((True, ["lost_mongodb", "lost_temporal"]), (False, [])):
            register.silent = silent
            async with asyncio.timeout(PATIENCE_S):
                while liveness.missing != missing:
                    await asyncio.sleep(0.01)


def test_a_report_stands_for_a_process_until_three_are_missing() -> None:
    assert lately(timedelta(seconds=5)) == timedelta(seconds=20)
