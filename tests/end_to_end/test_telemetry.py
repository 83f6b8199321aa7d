"""What a collector gets of a whole cycle: one trace from the command to the relay, and nothing about people."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Refuse, SmtpStage
from tests.support.commands import starter
from tests.support.installation import Installation
from tests.support.otlp_collector import Collector, collecting
from tests.support.people import PERIOD, Documents, people

CANARY = "qzxcanary"
PUSHED_WITHIN = 10.0
SENDING = ("RunActivity:send_batch", "StartChildWorkflow:SendWave", "StartWorkflow:MonthlyCycle")


def _marked() -> tuple[Documents, Documents]:
    users, contacts = people(2, 4)
    for document in (*users, *contacts):
        document["name"] = f"{CANARY} {document['name']}"
        document["email"] = f"{CANARY}.{document['email']}"
    contacts[3]["status"] = f"{CANARY}-status"
    return users, contacts


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


async def _pushed(collector: Collector, *names: str) -> None:
    deadline = time.monotonic() + PUSHED_WITHIN
    while not {span.name for span in collector.spans}.issuperset(names):
        assert time.monotonic() < deadline, {span.name for span in collector.spans}
        await asyncio.sleep(0.1)


def _names_up_to_root(span: Span, by_id: Mapping[bytes, Span]) -> list[str]:
    names = [span.name]
    while span.parent_span_id in by_id:
        span = by_id[span.parent_span_id]
        names.append(span.name)
    return names


def _ends_in(span: Span, by_id: Mapping[bytes, Span], *wanted: str) -> bool:
    """Tell whether a span's way to the root passes these names in this order, and ends at the last of them."""
    names = _names_up_to_root(span, by_id)
    rest = iter(names)
    return names[-1] == wanted[-1] and all(name in rest for name in wanted)


def _entries(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


@pytest.mark.slow
async def test_one_trace_goes_from_the_command_to_relay_and_database_and_names_nobody(
    installation: Installation, mailbox: Mailbox, collector: Collector
) -> None:
    installation.environment |= {
        "RELANCE_MONITORING__OTLP_ENDPOINT": collector.endpoint,
        "RELANCE_MONITORING__LOG_FORMAT": "json",
        "RELANCE_MONITORING__LOG_LEVEL": "DEBUG",
    }
    quoting = f"5.1.1 <{CANARY}.u0c1@people.example> {CANARY} unknown"
    await mailbox.add_rule(Refuse(stage=SmtpStage.RCPT, recipient=f"{CANARY}.u0c1@*", code=550, text=quoting))
    await installation.load(*_marked())
    worker = await installation.start_worker()

    code, _, said = await starter(installation, "start", "cycle", "--period", PERIOD, "--now", "--wait", "--yes")
    assert code == 0, said
    code, _, said = await starter(installation, "start", "default-lp")
    assert code == 0, said
    await _pushed(collector, "SMTP lane", "HTTP POST", "RunActivity:balance")
    await worker.stop()

    by_id = {span.span_id: span for span in collector.spans}
    way = (*SENDING, "starter.py start cycle")
    command = next(span for span in collector.spans if span.name == "starter.py start cycle")
    for name in ("SMTP lane", "MongoDB update"):
        found = [span for span in collector.spans if span.name == name and _ends_in(span, by_id, name, *way)]
        assert found, [_names_up_to_root(span, by_id) for span in collector.spans if span.name == name]
        assert {span.trace_id for span in found} == {command.trace_id}
    same = {span.name for span in collector.spans if span.trace_id == command.trace_id}
    assert {"RunWorkflow:MonthlyCycle", "RunWorkflow:SendWave", "StartWorkflow:FollowUp"} <= same
    asked = [span for span in collector.spans if span.name == "HTTP POST"]
    assert any(_names_up_to_root(span, by_id)[-1] == "starter.py start default-lp" for span in asked)
    failed = [span for span in collector.spans if span.events]
    assert all([one.key for one in event.attributes] == ["exception.type"] for span in failed for event in span.events)

    # The search finds what is there, so it would find what must not be.
    assert any(b"relance_mails" in body or b"relance.mails" in body for body in collector.bodies)
    assert any(b"cycle/2026-11" in body for body in collector.bodies)
    assert not any(CANARY.encode() in body.lower() for body in collector.bodies)
    assert CANARY not in worker.output.lower()
    logged = [entry for entry in _entries(worker.output) if "activity_type" in entry]
    assert logged
    assert all({"workflow_id", "run_id", "attempt"} <= entry.keys() for entry in logged)
