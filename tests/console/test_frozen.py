"""A Temporal server that stands still (SIGSTOP): it takes connections and says nothing; pages say so, and soon."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from temporalio.client import Client

from composition import conversation
from relance.adapters.clock import SystemClock
from relance.adapters.mongo.connection import Database
from relance.console import answers
from relance.console.pages.registry import PAGES
from relance.devstack import temporal_server
from relance.devstack.temporal_server import TemporalServer
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.model import Evidence, Rule
from relance.domain.cycle.control import ControlState
from relance.domain.failures import Severity
from relance.services.alerts import AlertService
from relance.temporal.connection import connect
from tests.console.support import Visitor
from tests.support.fakes import FakeAlertGroups

PERIOD = "2026-11"
SLACK_S = 5.0
"""For everything else that a page needs, on a machine that does much beside it."""
PATHS = [page.path.replace("{period}", PERIOD) for page in PAGES if page.name == "cycle" or "{" not in page.path]


@pytest.fixture(scope="module")
async def held(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TemporalServer]:
    """A server of our own, which nobody else misses."""
    server = await temporal_server.start(tmp_path_factory.mktemp("frozen"))
    yield server
    await server.stop()


@pytest.fixture
async def client(held: TemporalServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """A client that has been connected, to a server that stands still now."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", held.address)
    connected = await connect()
    (process,) = psutil.Process(held.server.guard_pid).children()
    process.suspend()
    yield connected
    process.resume()


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_every_page_is_there_soon_with_what_the_database_knows(ann: Visitor, db: Database, language: str) -> None:
    await _plan(db)
    silent = {"en": "Temporal does not answer", "fr": "Temporal ne répond pas"}[language]
    took, said = {}, {}
    for path in PATHS:
        began = time.monotonic()
        answer = await ann.get(f"/console{path}", **{"Accept-Language": language})
        took[path] = time.monotonic() - began
        assert answer.status_code == 200, path
        said[path] = silent in answer.text
    # A call that nobody cuts short takes ten seconds.
    assert max(took.values()) < answers.PATIENCE_S + SLACK_S, took
    assert {path for path, silence in said.items() if silence} == {
        *("/now", "/cycle", f"/cycle/{PERIOD}", "/jobs", "/health")
    }


async def test_what_the_database_knows_of_cycles_is_shown(ann: Visitor, db: Database) -> None:
    await _plan(db)
    now = (await ann.get("/console/now")).text
    assert "November 2026" in now
    assert "The figures are those of the database" in now
    # The next wave comes from the plans.
    assert "Next wave" in now
    assert "not known" in (await ann.get("/console/cycle")).text


async def test_what_may_be_decided_is_offered(ann: Visitor, db: Database) -> None:
    await _plan(db)
    assert "/do/pause" in (await ann.get(f"/console/cycle/{PERIOD}")).text


async def test_who_pauses_a_cycle_hears_soon_that_it_is_stored(ann: Visitor, db: Database) -> None:
    await _plan(db)
    form = {"csrf": await ann.token(f"/console/cycle/{PERIOD}"), "reason": "the relay moves house"}
    began = time.monotonic()
    answer = await ann.post(f"/console/cycle/{PERIOD}/do/pause", form)
    assert time.monotonic() - began < answers.PATIENCE_S + conversation.PATIENCE.total_seconds() + SLACK_S
    assert answer.headers["location"] == f"/console/cycle/{PERIOD}?done=cycle.stored"
    control = await db.controls.get(PERIOD)
    assert (control.state, control.by) == (ControlState.PAUSED, "ann")


async def test_who_acknowledges_an_alert_hears_soon_that_it_is_stored(ann: Visitor, db: Database) -> None:
    condition = Condition(
        rule=Rule.CYCLE_STOPPED,
        group="cycle",
        subject=PERIOD,
        severity=Severity.HIGH,
        labels={},
        evidence=Evidence(value=None),
    )
    service = AlertService(db.alerts, db.silences, FakeAlertGroups(), SystemClock())
    (alert,) = await service.fire([condition])
    form = {"csrf": await ann.token("/console/chat"), "about": alert.key}
    began = time.monotonic()
    assert (await ann.post("/console/chat/do/ack", form)).status_code == 303
    assert time.monotonic() - began < conversation.PATIENCE.total_seconds() + SLACK_S
    assert "Your decision is stored, but Temporal does not answer" in (await ann.get("/console/chat")).text
    assert (await db.alerts.newest([alert.key]))[alert.key].acknowledged_by == "ann"


async def _plan(db: Database) -> None:
    await db.raw.plans.insert_one(
        {
            "_id": f"{PERIOD}.u1",
            "period": PERIOD,
            "userId": "u1",
            "instant": datetime.now(UTC) + timedelta(days=1),
            "zone": "Europe/Paris",
            "status": "planned",
        }
    )
