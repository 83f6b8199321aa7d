"""Whether the intake's listener greets: against a real mail server, a silent one, another protocol, and nobody."""

from __future__ import annotations

import asyncio

import pytest

from composition.probes import opened_probes
from relance.adapters import intake_greeting
from relance.adapters.clock import SystemClock
from relance.adapters.intake_greeting import greet_intake
from relance.adapters.mongo.connection import Database
from relance.adapters.probes.intake import IntakeProbe
from relance.devstack.processes import free_port
from relance.domain.alerts.model import Rule
from relance.domain.health.probes import ProbeName
from relance.domain.health.status import Grade, graded
from relance.errors import DependencyUnavailable
from relance.services.health_checks import run_probes
from relance.settings import Settings
from relance.settings.health import HealthGroup
from relance.settings.intake import Intake
from tests.support.patience import PATIENCE_S
from tests.support.smtp_relay import Relay


async def test_a_mail_server_greets() -> None:
    relay = Relay()
    async with await relay.start():
        assert "relay.example" in await greet_intake("127.0.0.1", relay.port)
        relay.hang_up()


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n", b"x" * 5_000, b"", None])
async def test_anything_else_does_not(said: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_greeting, "TIMEOUT", 0.3)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if said is not None:
            writer.write(said)
        else:
            await reader.read()
        writer.close()

    port = free_port()
    async with await asyncio.start_server(serve, "127.0.0.1", port):
        with pytest.raises(DependencyUnavailable):
            await greet_intake("127.0.0.1", port)
    with pytest.raises(DependencyUnavailable):
        await greet_intake("127.0.0.1", free_port())


async def test_a_listener_that_is_gone_is_unhealthy_and_one_that_greets_is_not(db: Database) -> None:
    rule = HealthGroup().rules()[ProbeName.INTAKE]
    relay = Relay()
    async with await relay.start():
        probes = [
            IntakeProbe("127.0.0.1", port, db.intake_messages, SystemClock(), PATIENCE_S)
            for port in (relay.port, free_port())
        ]
        greeted, gone = await run_probes(probes, SystemClock())
        relay.hang_up()
    assert [graded(look, rule, None, ()) for look in (greeted, gone)] == [Grade.GOOD, Grade.BAD]
    assert rule.alert == Rule.INTAKE


@pytest.mark.parametrize("port", [None, 2525])
async def test_without_a_listener_nothing_is_probed(db: Database, port: int | None) -> None:
    settings = Settings(_env_file=None, intake=Intake(port=port))
    async with opened_probes(settings, db, None) as probes:
        assert [probe.name for probe in probes].count(ProbeName.INTAKE) == (port is not None)
