"""A cycle from its start to its report, and everything that could start it again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from temporalio.exceptions import WorkflowAlreadyStartedError

from relance.contracts.cycle import CycleOptions, WaveInput, WaveResult
from relance.contracts.names import MONTHLY_SCHEDULE, TaskQueue, Workflow
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Refuse, SmtpStage
from relance.devstack.samples import REFUSED_DOMAIN, sample_people
from relance.settings import Settings
from relance.temporal import schedules
from tests.support import server_backfill
from tests.support.expectation import expectation
from tests.support.installation import Installation
from tests.support.patience import PATIENCE_S
from tests.support.people import PERIOD, people

MEMORY_MB = 512


async def _complete(installation: Installation, users: int = 3, contacts: int = 4) -> int:
    """Run a small cycle to its end; return its number of mails."""
    await installation.load(*people(users, contacts))
    await installation.start_worker()
    cycle = await installation.start_cycle(PERIOD)
    return (await cycle.result()).sent


async def test_a_cycle_of_awkward_people_balances_and_equals_the_mailbox(
    installation: Installation, mailbox: Mailbox
) -> None:
    users, contacts = sample_people(16, 6)
    expected = expectation(PERIOD, users, contacts, REFUSED_DOMAIN)
    await mailbox.add_rule(
        Refuse(stage=SmtpStage.RCPT, recipient=f"*@{REFUSED_DOMAIN}", code=550, text="5.1.1 unknown")
    )
    await installation.load(users, contacts)
    worker = await installation.start_worker()
    result = await (await installation.start_cycle(PERIOD)).result()
    accepted = await mailbox.log()
    assert sorted(mail.to[0].casefold() for mail in accepted) == sorted(expected.reachable)
    assert (result.sent, result.failed) == (len(accepted), {"hard_recipient": len(expected.refused)})
    assert (result.balance, result.open, result.plans_open, result.uncertain) == (0, 0, 0, 0)
    recorded = {entry.message_id for entry in (await installation.entries(PERIOD)).values() if entry.sent_at}
    assert recorded == {mail.message_id for mail in accepted}
    assert await installation.database.job_runs.statistics(PERIOD) == result
    assert worker.measure() < MEMORY_MB


async def test_a_second_start_of_the_same_period_sends_nothing(installation: Installation, mailbox: Mailbox) -> None:
    mails = await _complete(installation)
    with pytest.raises(WorkflowAlreadyStartedError):
        await installation.start_cycle(PERIOD)
    # Temporal forgets closed workflows when their retention is over; the ledger does not.
    again = await (await installation.start_cycle(PERIOD, again="/again")).result()
    assert again.progress is not None
    assert again.progress.counts.sent == 0
    assert (again.sent, again.balance) == (mails, 0)
    assert len(await mailbox.log()) == mails == 12


async def test_a_batch_that_runs_twice_sends_nothing_twice(installation: Installation, mailbox: Mailbox) -> None:
    mails = await _complete(installation)
    plans = installation.database.raw.plans
    instants = await plans.distinct("instant")
    # As a worker leaves it that dies after the last mail and before the end of the batch.
    await plans.update_many({}, {"$set": {"status": "sending"}})
    wave = await installation.client.execute_workflow(
        Workflow.SEND_WAVE,
        WaveInput(period=PERIOD, instant=instants[0].replace(tzinfo=UTC), options=CycleOptions()),
        id="wave-again",
        task_queue=TaskQueue.INVITATIONS,
        result_type=WaveResult,
    )
    # It counts the batch as a whole, with what the first run sent.
    assert (wave.batches, wave.counts.users, wave.counts.sent) == (1, 3, mails)
    assert len(await mailbox.log()) == mails
    assert await plans.distinct("status") == ["done"]


async def test_a_backfill_of_a_period_that_is_done_sends_nothing(installation: Installation, mailbox: Mailbox) -> None:
    mails = await _complete(installation)
    client, settings = installation.client, Settings()
    await schedules.apply(client, settings)
    opening = datetime(2026, 10, 25, 12, tzinfo=UTC)
    for _ in range(2):
        await server_backfill.backfill(client, MONTHLY_SCHEDULE, opening.replace(hour=0), opening)
    runs = installation.database.raw.jobRuns
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await runs.find({"job": MONTHLY_SCHEDULE}).to_list(None)):
            await asyncio.sleep(0.1)
    assert [(run["state"], run["detail"]) for run in found] == [("skipped(already open)", {"period": PERIOD})]
    assert len(await mailbox.log()) == mails
