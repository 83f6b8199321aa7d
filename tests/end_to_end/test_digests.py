"""The daily digest and the noise report: once per nominal day, from what is stored (SPEC A2, A3)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from relance.contracts.jobs import JobInput, JobResult
from relance.contracts.names import TaskQueue, Workflow
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.model import Evidence
from relance.domain.channels.chat_message import ChatMessage
from relance.domain.failures import Severity
from tests.support.installation import Installation
from tests.support.patience import PATIENCE_S
from tests.support.people import PERIOD, people


async def start(installation: Installation, workflow: Workflow, name: str, request: JobInput) -> JobResult:
    result: JobResult = await installation.client.execute_workflow(
        workflow,
        request,
        id=name,
        task_queue=TaskQueue.OPS,
        execution_timeout=timedelta(minutes=2),
        result_type=JobResult,
    )
    return result


async def told(installation: Installation) -> list[ChatMessage]:
    messages = (await installation.database.chat_messages.page()).items
    return [message for message in messages if not message.key.startswith("cycle-report/")]


def low(subject: str, severity: Severity = Severity.LOW) -> Condition:
    return Condition("disk-space", "disk-space", subject, severity, {"name": subject}, Evidence())


async def test_low_alerts_are_told_in_one_digest_however_often_it_is_started(installation: Installation) -> None:
    await installation.load(*people(2, 3))
    await installation.start_worker()
    await (await installation.start_cycle(PERIOD)).result()
    await installation.desk().fire([low("disk a"), low("disk b")])
    now = datetime.now(UTC) + timedelta(seconds=1)
    request = JobInput(nominal=now)
    rehearsed = await start(installation, Workflow.DIGEST, "rehearsal", JobInput(nominal=now, dry_run=True))
    assert (rehearsed.counts["low_alerts"], rehearsed.counts["channels"], await told(installation)) == (2, 0, [])

    both = await asyncio.gather(*(start(installation, Workflow.DIGEST, f"digest-{n}", request) for n in (1, 2)))
    again = await start(installation, Workflow.DIGEST, "digest-3", JobInput(nominal=now + timedelta(milliseconds=1)))
    assert sorted(result.counts["channels"] for result in (*both, again)) == [0, 0, 1]
    [message] = await told(installation)
    assert message.title.endswith("Daily digest")
    assert "2 alerts of low priority:" in message.rows
    assert "Disk space · disk a" in message.rows

    # The rule itself keeps quiet, and what gets worse is told at once.
    await installation.desk().fire([low("disk a", Severity.HIGH)])
    async with asyncio.timeout(PATIENCE_S):
        while len(messages := await told(installation)) < 2:
            await asyncio.sleep(0.1)
    assert [one.severity for one in messages] == [Severity.LOW, Severity.HIGH]


@pytest.mark.parametrize("when_quiet", ["true", "false"])
async def test_a_quiet_day_and_a_quiet_week_are_told_in_a_line_or_not_at_all(
    installation: Installation, when_quiet: str
) -> None:
    await installation.load(*people(1, 1))
    await installation.start_worker(environment={"RELANCE_DIGEST__WHEN_QUIET": when_quiet})
    await start(installation, Workflow.DIGEST, "digest", JobInput())
    await start(installation, Workflow.NOISE, "noise", JobInput())
    texts = [message.text for message in await told(installation)]
    assert len(texts) == (2 if when_quiet == "true" else 0)
    if texts:
        assert texts[0].startswith("All is quiet")
        assert texts[1] == "There were no alerts in this time."
