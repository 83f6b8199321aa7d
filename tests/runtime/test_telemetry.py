"""Metrics and traces of a real client, workflow and activity, read where an operator would read them."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from relance.domain.failures import Failure, FailureClass, Severity, Strategy, classify_mongodb
from relance.domain.invitations.invitation import MailKind
from relance.domain.mail.breaker import BreakerState
from relance.ports import Failed, Sent
from relance.runtime.catalogue import METRICS, SIGNALS_IGNORED
from relance.runtime.telemetry import Telemetry, configure
from relance.settings.monitoring import Monitoring
from tests.runtime.greeting import Greet, greet
from tests.support.otlp_collector import Collector, collecting

NOW = datetime(2026, 11, 5, 17, tzinfo=UTC)
FAILED = Failed(Failure("5.1.1", FailureClass.HARD_RECIPIENT, Severity.LOW, Strategy.SUPPRESS_CONTACT), NOW)


@contextmanager
def configured(monitoring: Monitoring) -> Iterator[Telemetry]:
    telemetry = configure(monitoring, "relance-test")
    try:
        yield telemetry
    finally:
        telemetry.shutdown()


def _scrape(telemetry: Telemetry) -> str:
    assert telemetry.metrics_url is not None
    with urllib.request.urlopen(telemetry.metrics_url, timeout=30) as answer:
        text: str = answer.read().decode()
        return text


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[str]:
    found = shutil.which("temporal", path=str(Path(sys.executable).parent)) or shutil.which("temporal")
    env = await WorkflowEnvironment.start_local(
        dev_server_existing_path=found, dev_server_startup_timeout=timedelta(seconds=30)
    )
    async with env:
        yield env.client.service_client.config.target_host


async def _run_a_workflow(server: str, telemetry: Telemetry) -> None:
    client = await Client.connect(server, runtime=telemetry.runtime, interceptors=telemetry.interceptors)
    async with Worker(client, task_queue="runtime", workflows=[Greet], activities=[greet]):
        await client.execute_workflow(
            Greet.run, id="greet", task_queue="runtime", execution_timeout=timedelta(seconds=30)
        )


async def test_one_endpoint_shows_our_metrics_and_those_of_temporal_at_once(server: str) -> None:
    with configured(Monitoring(metrics_port=0)) as telemetry:
        await _run_a_workflow(server, telemetry)
        telemetry.instruments.mail(MailKind.INVITATION, Sent("<m@d>", NOW), 0.01, "google", 2.0)
        telemetry.instruments.mail(MailKind.INVITATION, FAILED, 0.02, "other", 90.0)
        text = await asyncio.to_thread(_scrape, telemetry)
    assert 'relance_mails_total{class="none",kind="invitation",provider="google",result="sent"} 1.0' in text
    assert 'relance_mails_total{class="hard_recipient",kind="invitation",provider="other",result="failed"} 1.0' in text
    assert re.search(r"^temporal_workflow_completed_total\{.*\} 1$", text, flags=re.MULTILINE)
    rss = re.search(r"^relance_worker_rss_bytes (\S+)$", text, flags=re.MULTILINE)
    assert rss is not None
    assert 20e6 < float(rss.group(1)) < 2e9


async def test_a_collector_gets_one_trace_over_client_workflow_and_activity_and_all_metrics(server: str) -> None:
    with collecting() as collector:
        with configured(Monitoring(otlp_endpoint=collector.endpoint)) as telemetry:
            await _run_a_workflow(server, telemetry)
            telemetry.instruments.follow_up_started()
            started = time.monotonic()
            await _seen(collector, "temporal_workflow_completed", "relance.follow_ups.started")
            assert time.monotonic() - started < 5  # SPEC H4
        spans = {span.name: span for span in collector.spans}
        assert {"StartWorkflow:Greet", "RunWorkflow:Greet", "RunActivity:greet"} <= spans.keys()
        assert len({span.trace_id for span in spans.values()}) == 1
        assert "relance-test" in collector.services


async def _seen(collector: Collector, *metrics: str) -> None:
    deadline = time.monotonic() + 10
    while not collector.metrics.issuperset(metrics):
        assert time.monotonic() < deadline, collector.metrics
        await asyncio.sleep(0.05)


def test_without_settings_nothing_listens_and_nothing_is_traced() -> None:
    with configured(Monitoring()) as telemetry:
        telemetry.instruments.mail(MailKind.FIRST, Sent("<m@d>", NOW), 0.01, "google", 2.0)
        assert telemetry.metrics_url is None
        assert list(telemetry.interceptors) == []


def test_every_instrument_shows_on_the_endpoint() -> None:
    with configured(Monitoring(metrics_port=0)) as telemetry:
        instruments = telemetry.instruments
        instruments.ledger_group(32, 0.02, 0.006)
        instruments.reminder_skipped(MailKind.FIRST, "submitted")
        instruments.plan_notes({"unknown_zone": 2})
        instruments.name_withheld("sender")
        instruments.uncertain(MailKind.FIRST, "arrived")
        instruments.error(classify_mongodb(14031))
        instruments.watch_breakers(lambda: {"relay": BreakerState.OPEN, "everflow": BreakerState.CLOSED})
        instruments.mail(MailKind.INVITATION, FAILED, 0.02, "other", 90.0)
        instruments.follow_up_started()
        instruments.job_run("cleanup", "skipped(no worker in time)", None)
        instruments.job_run("cleanup", "ran", 3.0)
        instruments.alert_event("default-lp", "suppressed", "unchanged")
        instruments.alert_message("slack", "delivered")
        instruments.health("mongodb", "failing")
        instruments.health("mongodb", "healthy")
        instruments.unreadable({"users": 2, "contacts": 1})
        instruments.unreadable({"contacts": 3})
        instruments.quarantined("users", 2)
        instruments.intake_message("report", "bounced")
        instruments.intake_refused("too_large")
        instruments.chat_refused("signature")
        text = _scrape(telemetry)
    # Counted by workflows on Temporal's own meter: tests/faults/malformed_signals reads it on the endpoint.
    for metric in (one for one in METRICS if one is not SIGNALS_IGNORED):
        assert f"# TYPE {metric.prometheus} {metric.kind}" in text
    for line in (
        'relance_ledger_group_size_bucket{le="32.0"} 1.0',
        "relance_ledger_group_duration_seconds_count 1.0",
        'relance_reminders_skipped_total{kind="first",reason="submitted"} 1.0',
        'relance_plan_notes_total{code="unknown_zone"} 2.0',
        'relance_uncertain_total{kind="first",outcome="arrived"} 1.0',
        'relance_errors_total{class="storage",source="mongodb"} 1.0',
        'relance_breaker_state{name="relay"} 2.0',
        'relance_breaker_state{name="everflow"} 0.0',
        'relance_errors_total{class="hard_recipient",source="smtp"} 1.0',
        'relance_mail_wait_seconds_bucket{kind="invitation",le="300.0"} 1.0',
        'relance_claim_wait_seconds_bucket{le="0.025"} 1.0',
        'relance_job_runs_total{job_name="cleanup",state="skipped"} 1.0',
        'relance_job_runs_total{job_name="health",state="failed"} 0.0',
        'relance_job_duration_seconds_bucket{job_name="cleanup",le="5.0",state="ran"} 1.0',
        'relance_alerts_total{event="suppressed",reason="unchanged",rule="default-lp"} 1.0',
        'relance_alert_messages_total{channel="slack",result="delivered"} 1.0',
        'relance_health{probe="mongodb",state="healthy"} 1.0',
        'relance_quarantine_documents{collection="users"} 0.0',
        'relance_quarantine_documents{collection="contacts"} 3.0',
        'relance_quarantine_added_total{collection="users"} 2.0',
    ):
        assert line in text
    assert 'state="failing"' not in text


def test_a_given_port_is_used_and_free_again_afterwards() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for _ in range(2):
        with configured(Monitoring(metrics_port=port)) as telemetry:
            assert telemetry.metrics_url == f"http://127.0.0.1:{port}/metrics"
            assert "relance_worker_rss_bytes" in _scrape(telemetry)


def test_a_collector_that_is_away_does_not_hold_the_shutdown_up() -> None:
    telemetry = configure(Monitoring(otlp_endpoint="http://127.0.0.1:1"), "relance-test")
    telemetry.instruments.follow_up_started()
    started = time.monotonic()
    telemetry.shutdown()
    assert time.monotonic() - started < 5
