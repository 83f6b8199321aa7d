"""The limits say their scope, who shares them, and what rests just now (SPEC C8, X3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import starter
from relance.doctor.limits import SendingLimits
from relance.domain.health.probes import WorkerReport
from relance.domain.mail.sharing import ProviderRest
from relance.settings import Settings
from relance.wording.saying import said
from tests.cli.desk import stored
from tests.support.terminal import Terminal

PERIOD = "2041-03"
NOW = datetime(2026, 11, 5, 17, tzinfo=UTC)


def report(worker: str, role: str = "all", *, at: datetime = NOW, **rests: ProviderRest) -> WorkerReport:
    return WorkerReport(worker=worker, role=role, rss_mb=1.0, rests=tuple(rests.values()), started_at=at, at=at)


def limits(*reports: WorkerReport, **mail: Any) -> SendingLimits:
    settings = Settings()
    return SendingLimits(settings.model_copy(update={"mail": settings.mail.model_copy(update=mail)}), reports, NOW)


@pytest.mark.parametrize(
    ("workers", "mail", "words"),
    [
        (
            ["a", "b"],
            {"rate": 50.0, "connections": 10},
            "50 mails/s and 10 connections for the installation; 2 processes send: 25 mails/s and 5 each",
        ),
        (
            ["a", "b", "c"],
            {"connections": 10},
            "any rate and 10 connections for the installation; 3 processes send: 3 or 4 each",
        ),
        (
            ["a"],
            {"rate": 0.5, "connections": 1},
            "0.5 mails/s and 1 connection for the installation; 1 process sends: 0.5 mails/s and 1 for it",
        ),
        ([], {"connections": 10}, "any rate and 10 connections for the installation; no process sends just now"),
    ],
)
def test_the_relays_limits_name_their_scope_and_each_processs_part(
    workers: list[str], mail: dict[str, Any], words: str
) -> None:
    # What does not send has no part.
    found = limits(*map(report, workers), report("o", "ops"), report("i", "invitations"), **mail)
    assert found.relay == words
    assert not found.is_short


def test_more_processes_than_connections_are_said_to_be_too_many() -> None:
    found = limits(report("a"), report("b"), connections=1)
    assert found.is_short
    assert found.relay.endswith("2 processes send: 1 each")


def test_the_providers_limits_name_their_scope_too() -> None:
    words = limits(rate_per_domain=2.0).providers
    assert words.startswith("mails under way at once, for the installation: google 5, microsoft 5")
    assert words.endswith("any other domain 10 (2 mails/s)")
    french = said(words, "fr")
    assert french is not None
    assert french.endswith("tout autre domaine 10 (2 messages/s)")


def test_what_rests_is_named_once_and_a_domain_that_may_name_a_person_is_not() -> None:
    orange = ProviderRest(provider="orange", pause=3600.0)
    person = ProviderRest(provider="ann-smith.example", breaker=120.0)
    over = ProviderRest(provider="gmx", pause=5.0)
    found = limits(
        report("a", at=NOW - timedelta(seconds=10), orange=orange, over=over),
        report("b", orange=ProviderRest(provider="orange", pause=60.0), person=person),
    )
    assert found.rests == {"orange": timedelta(seconds=3590), "other": timedelta(minutes=2)}
    assert found.resting == "orange for 0:59:50, other domains for 0:02:00"
    assert said(found.resting, "fr") == "orange pour 0:59:50, autres domaines pour 0:02:00"
    assert found.data["resting"] == {"orange": 3590.0, "other": 120.0}


def doctors_checks(terminal: Terminal, tries: int = 5) -> dict[str, dict[str, str]]:
    """Return the doctor's rows; on a busy machine it may not wait for MongoDB to the end."""
    for _ in range(tries):
        found = {one["what"]: one for one in terminal.run("doctor", "--json").data["checks"]}
        if "limits" in found:
            return found
    raise AssertionError(found)


async def test_the_doctor_and_the_cycles_status_show_them(terminal: Terminal) -> None:
    now = datetime.now(UTC)
    rest = ProviderRest(provider="orange", pause=3600.0)
    async with starter.database(stored(terminal)) as database:
        for worker in ("a:1", "b:2"):
            await database.workers.report(report(worker, "mail", at=now, rest=rest))
    limited = {"RELANCE_MAIL__CONNECTIONS": "10", "RELANCE_MAIL__RATE": "50", "RELANCE_HEALTH__REPORT_EVERY": "PT1M"}
    busy = Terminal({**terminal.environment, **limited})
    checks = doctors_checks(busy)
    assert checks["limits"]["detail"].endswith("2 processes send: 25 mails/s and 5 each")
    assert checks["limits"]["state"] == "ok"
    assert re.search("; left alone now: orange for (0:..:..|1:00:00)", checks["limits of providers"]["detail"])
    opened = busy.run("start", "cycle", "--period", PERIOD, "--yes", "--json")
    assert opened.code == 0, opened
    status = busy.json("cycle", "status", PERIOD)
    assert (status["limits"]["scope"], status["limits"]["processes"]) == ("installation", {"a:1": 5, "b:2": 5})
    assert 3000 < status["limits"]["resting"]["orange"] <= 3600
