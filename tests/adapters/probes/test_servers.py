"""Each probe against the real server: well, away, hanging, refusing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from relance.adapters.breaker import Breakers
from relance.adapters.clock import SystemClock
from relance.adapters.everflow.reports import EverflowReports
from relance.adapters.mongo.connection import Database, connect
from relance.adapters.mongo.health import MongoServerStatus
from relance.adapters.probes.disk import DatabaseDiskProbe, WorkerDiskProbe
from relance.adapters.probes.everflow import EverflowProbe
from relance.adapters.probes.mail_relay import mail_relay_probe
from relance.adapters.probes.mongodb import MongoProbe
from relance.adapters.probes.worker_processes import BreakersProbe, MemoryProbe
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow.faults import Slow, StatusFault
from relance.devstack.everflow.gate import NETWORK_KEY
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, Refuse, SmtpStage
from relance.devstack.processes import free_port
from relance.domain.health.probes import WorkerReport
from relance.domain.health.status import Trouble
from relance.ports import Probe
from relance.services.health_checks import run_probes
from relance.settings import Mongo
from relance.settings.everflow import Everflow
from relance.settings.mail import MailGroup
from relance.settings.pacing import Breaking
from tests.support.fakes import FixedClock
from tests.support.keys import PRIVACY

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
DEADLINE = 1.0


async def trouble(probe: Probe) -> Trouble | None:
    (look,) = await run_probes([probe], SystemClock())
    return look.trouble


async def test_mongodb_takes_a_write_in_some_milliseconds(db: Database) -> None:
    reading = await MongoProbe(MongoServerStatus(db.raw), SystemClock(), DEADLINE).look()
    assert reading.unit == "ms"
    assert 0 < reading.value < 5000


async def test_a_mongodb_that_is_not_there_is_unreachable_or_too_late(database: str) -> None:
    nowhere = f"mongodb://127.0.0.1:{free_port()}/?replicaSet=rs0"
    away = connect(Mongo(uri=SecretStr(nowhere), database=database, timeout=0.5), PRIVACY)
    assert await trouble(MongoProbe(MongoServerStatus(away.raw), SystemClock(), 3.0)) is Trouble.UNREACHABLE
    assert await trouble(MongoProbe(MongoServerStatus(away.raw), SystemClock(), 0.1)) is Trouble.TIMEOUT
    await away.close()


async def test_disks_are_partly_in_use(db: Database) -> None:
    for probe in (DatabaseDiskProbe(MongoServerStatus(db.raw), DEADLINE), WorkerDiskProbe(DEADLINE)):
        reading = await probe.look()
        assert 0 < reading.value < 100
        assert reading.unit == "%"


def a_mail(mailbox_smtp: tuple[str, int]) -> MailGroup:
    return MailGroup(host=mailbox_smtp[0], port=mailbox_smtp[1])


async def test_the_relay_is_greeted_and_left_again_without_a_mail(
    mailbox: Mailbox, mailbox_smtp: tuple[str, int]
) -> None:
    reading = await mail_relay_probe(a_mail(mailbox_smtp), DEADLINE).look()
    assert (reading.unit, 0 < reading.value < 5000) == ("ms", True)
    assert (await mailbox.stats()).total == 0


async def test_a_relay_that_refuses_hangs_or_is_away_is_told_apart(
    mailbox: Mailbox, mailbox_smtp: tuple[str, int]
) -> None:
    probe = mail_relay_probe(a_mail(mailbox_smtp), DEADLINE)
    await mailbox.add_rule(Refuse(stage=SmtpStage.CONNECT, code=554, times=1))
    assert await trouble(probe) is Trouble.REFUSED
    await mailbox.clear_rules()
    await mailbox.add_rule(Refuse(stage=SmtpStage.CONNECT, code=421, times=1))
    assert await trouble(probe) is Trouble.UNREACHABLE
    await mailbox.clear_rules()
    await mailbox.add_rule(Delay(stage=SmtpStage.EHLO, seconds=3, times=1))
    assert await trouble(probe) in {Trouble.TIMEOUT, Trouble.UNREACHABLE}
    await mailbox.clear_rules()
    assert await trouble(probe) is None
    assert await trouble(mail_relay_probe(MailGroup(port=free_port()), DEADLINE)) is Trouble.UNREACHABLE


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (StatusFault(code=503), Trouble.UNREACHABLE),
        (StatusFault(code=429), Trouble.REFUSED),
        (StatusFault(code=401), Trouble.REFUSED),
        (Slow(seconds=3), Trouble.TIMEOUT),
    ],
)
async def test_what_everflow_answers_is_told_apart_and_a_probe_asks_however_often_it_failed(
    everflow: EverflowControl, fault: StatusFault | Slow, expected: Trouble
) -> None:
    settings = Everflow(base_url=everflow.url, api_key=SecretStr(NETWORK_KEY), timeout=5, rate_window=0.1)
    breaker = Breakers(Breaking(rare_failures=1000)).rare("everflow")
    async with EverflowReports(settings, breaker) as reports:
        probe = EverflowProbe(reports, DEADLINE)
        await everflow.add_fault(fault)
        for _ in range(4):
            assert await trouble(probe) is expected
        await everflow.clear_faults()
        await asyncio.sleep(settings.rate_window)
        assert await trouble(probe) is None


def a_report(worker: str, rss: float, breakers: dict[str, int], *, ago: int = 0) -> WorkerReport:
    at = NOW - timedelta(seconds=ago)
    return WorkerReport(worker=worker, role="all", rss_mb=rss, breakers=breakers, started_at=at, at=at)


async def test_the_largest_of_the_workers_that_are_alive_counts(db: Database) -> None:
    probe = MemoryProbe(db.workers, FixedClock(NOW), timedelta(seconds=20), DEADLINE)
    assert (await probe.look()).detail == "nobody"
    for report in (a_report("vm:1", 200, {}), a_report("vm:2", 300, {}), a_report("vm:3", 900, {}, ago=21)):
        await db.workers.report(report)
    assert ((await probe.look()).value, (await probe.look()).detail) == (300, "vm:2")


async def test_breakers_of_every_process_are_seen_without_those_that_have_a_probe_of_their_own(db: Database) -> None:
    probe = BreakersProbe(db.workers, FixedClock(NOW), timedelta(seconds=20), DEADLINE)
    await db.workers.report(a_report("vm:1", 1, {"relay": 2, "everflow": 2, "provider gmail": 2, "channel slack": 1}))
    await db.workers.report(a_report("vm:2", 1, {"provider gmail": 2, "channel teams": 2}))
    await db.workers.report(a_report("vm:3", 1, {"provider yahoo": 2}, ago=60))
    reading = await probe.look()
    assert (reading.value, reading.detail) == (2, "channel teams, provider gmail")
