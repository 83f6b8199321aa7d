"""A cycle told to pause, to go on and to stop in the middle of its batches (SPEC C11)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from relance import ids
from relance.contracts.cycle import CycleOptions
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, Refuse, SmtpStage
from relance.domain.cycle.control import ControlState
from relance.domain.invitations.events import EventKind
from tests.support import preloaded
from tests.support.asking import answered
from tests.support.commands import AGREED, starter
from tests.support.installation import CycleHandle, Installation
from tests.support.mail_flow import MailFlow
from tests.support.patience import PATIENCE_S
from tests.support.people import PERIOD, people

USERS, CONTACTS = 100, 20
MAILS = USERS * CONTACTS
EFFECTIVE_S = 5.0
# Four connections then hand over at most 80 mails a second, so that a command finds the first batches under way.
CONFIRMED_AFTER_S = 0.05


async def begin(installation: Installation, mailbox: Mailbox) -> tuple[CycleHandle, MailFlow]:
    """Start a cycle of 2,000 mails and wait until a part of it is sent."""
    await mailbox.add_rule(Delay(stage=SmtpStage.END_OF_DATA, seconds=CONFIRMED_AFTER_S))
    await installation.load(*people(USERS, CONTACTS))
    await installation.start_worker()
    await asyncio.to_thread(preloaded.server)
    cycle = await installation.start_cycle(PERIOD, CycleOptions(batch_users=50, batches_in_flight=2))
    flow = MailFlow(mailbox)
    await flow.reach(200)
    return cycle, flow


@pytest.mark.slow(30)
async def test_a_paused_cycle_sends_nothing_and_goes_on_where_it_was(
    installation: Installation, mailbox: Mailbox
) -> None:
    cycle, flow = await begin(installation, mailbox)
    code, paused, _ = await starter(installation, "cycle", "pause", PERIOD, "--by", "ann", "--reason", "relay moves")
    assert code == 0, paused
    assert (paused["state"], paused["changed"]) == ("paused", True)
    assert paused["effective_s"] < EFFECTIVE_S
    count = await flow.look()
    await asyncio.sleep(2.0)
    assert await flow.look() == count < MAILS
    told_at = datetime.fromisoformat(paused["at"])
    assert (await mailbox.log())[-1].time - told_at < timedelta(seconds=EFFECTIVE_S)
    _, again, _ = await starter(installation, "cycle", "pause", PERIOD)
    assert again["changed"] is False
    assert "is paused already, by ann" in again["message"]
    progress = await answered(lambda: cycle.query("progress"))
    assert progress["control"]["reason"] == "relay moves"
    await mailbox.clear_rules()
    code, resumed, _ = await starter(installation, "cycle", "resume", PERIOD, "--by", "bob")
    assert (code, resumed["state"]) == (0, "running")
    result = await cycle.result()
    log = await mailbox.log()
    assert len(log) == len({mail.message_id for mail in log}) == MAILS
    assert (result.sent, result.balance, result.open) == (MAILS, 0, 0)


@pytest.mark.slow
async def test_a_cycle_paused_before_any_worker_ran_sends_nothing_until_it_is_resumed(
    installation: Installation, mailbox: Mailbox
) -> None:
    """As docs/coming-from-schedulers.md says; the command waits meanwhile for a worker to obey."""
    await installation.load(*people(2, 2))
    await installation.start_cycle(PERIOD)
    data = installation.database
    pausing = asyncio.create_task(starter(installation, "cycle", "pause", PERIOD, "--reason", "moving over"))
    async with asyncio.timeout(PATIENCE_S):
        while (await data.controls.get(PERIOD)).state is not ControlState.PAUSED:
            await asyncio.sleep(0.1)
        await installation.start_worker()
        while await data.plans.open_count(PERIOD) < 2:
            await asyncio.sleep(0.1)
        assert (await pausing)[1]["state"] == "paused"
    await asyncio.sleep(2.0)
    assert (await mailbox.stats()).total == 0
    code, _, _ = await starter(installation, "cycle", "resume", PERIOD)
    assert code == 0
    assert await MailFlow(mailbox).reach(4)


@pytest.mark.slow
async def test_a_cancelled_cycle_ends_at_once_and_balances(installation: Installation, mailbox: Mailbox) -> None:
    cycle, flow = await begin(installation, mailbox)
    code, cancelled, _ = await starter(installation, "cycle", "cancel", PERIOD, "--reason", "wrong template", "--yes")
    assert (code, cancelled["state"]) == (0, "cancelled")
    assert cancelled["effective_s"] < EFFECTIVE_S
    result = await cycle.result()
    count = await flow.look()
    assert 200 <= count < MAILS
    assert (result.sent, result.open, result.balance, result.plans_open) == (count, 0, 0, 0)
    assert result.sent + result.cancelled == result.eligible
    # Whoever got the invitation is still reminded, unless he answers.
    entries = (await installation.entries(PERIOD)).values()
    users = {entry.user_id for entry in entries if entry.sent_at is not None}
    running = [
        run.id async for run in installation.client.list_workflows("WorkflowType='FollowUp'") if run.status is not None
    ]
    assert {one.rpartition("/")[2] for one in running} == users
    code, refused, errors = await starter(installation, "cycle", "resume", PERIOD)
    assert code == 2
    assert "is over" in refused["error"]
    assert "Traceback" not in errors


@pytest.mark.slow
async def test_a_rollback_does_what_its_dry_run_said_and_corrects_each_who_was_invited_once(
    installation: Installation, mailbox: Mailbox
) -> None:
    cycle, flow = await begin(installation, mailbox)
    await starter(installation, "cycle", "pause", PERIOD)
    count = await flow.look()
    code, planned, _ = await starter(installation, "cycle", "rollback", PERIOD, "--dry-run")
    assert (code, planned["dry_run"], planned["reached"]) == (0, True, count)
    assert planned["changes"]["invitations.sent"] == count
    assert await installation.database.raw.compensations.count_documents({}) == 0
    optout = planned["already_sent"][0]
    await installation.intake().take(optout, EventKind.OPTED_OUT)
    _, planned, _ = await starter(installation, "cycle", "rollback", PERIOD, "--dry-run")
    await mailbox.clear_rules()
    code, done, errors = await starter(
        installation, "cycle", "rollback", PERIOD, "--correction", "--by", "ann", *AGREED
    )
    assert code == 0, errors
    compared = ("changes", "follow_ups", "reached", "already_sent")
    assert {name: done[name] for name in compared} == {name: planned[name] for name in compared}
    assert (done["corrections"]["sent"], done["corrections"]["skipped"]) == (count - 1, 1)
    corrections = (await mailbox.log())[count:]
    assert len(corrections) == len({mail.to for mail in corrections}) == count - 1
    result = await cycle.result()
    assert (result.sent, result.open, result.balance) == (count, 0, 0)
    code, again, _ = await starter(installation, "cycle", "rollback", PERIOD, "--correction", *AGREED)
    assert (code, again["changed"], again["follow_ups"]) == (0, False, 0)
    assert len(await mailbox.log()) == 2 * count - 1


@pytest.mark.slow
async def test_a_rollback_of_a_cycle_that_is_done_ends_its_follow_ups(
    installation: Installation, mailbox: Mailbox
) -> None:
    await installation.load(*people(3, 4))
    await installation.start_worker()
    await (await installation.start_cycle(PERIOD)).result()
    code, planned, _ = await starter(installation, "cycle", "rollback", PERIOD, "--dry-run")
    assert (code, planned["follow_ups"]) == (0, 3)
    _, done, _ = await starter(installation, "cycle", "rollback", PERIOD, *AGREED)
    assert done["changes"] == planned["changes"] == {"invitations.sent": 12, "plans.done": 3}
    assert done["follow_ups"] == 3
    for user in ("u0", "u1", "u2"):
        follow_up = installation.client.get_workflow_handle(ids.follow_up_workflow_id(PERIOD, user))
        ended = await follow_up.result()
        assert set(ended.values()) == {"cycle_rolled_back"}
    assert len(await mailbox.log()) == 12


@pytest.mark.slow
async def test_a_cycle_with_too_many_errors_pauses_itself_until_a_person_resumes_it(
    installation: Installation, mailbox: Mailbox
) -> None:
    await mailbox.add_rule(Refuse(stage=SmtpStage.RCPT, recipient="*c1@*", code=550, text="5.1.1 no such user"))
    await installation.load(*people(40, 10))
    await installation.start_worker()
    cycle = await installation.start_cycle(PERIOD)
    async with asyncio.timeout(PATIENCE_S):
        while (await installation.database.controls.get(PERIOD)).state is ControlState.RUNNING:
            await asyncio.sleep(0.05)
    [alert] = await installation.database.alerts.open()
    assert (alert.rule, alert.severity) == ("cycle-stopped", "critical")
    await asyncio.sleep(1.0)
    # Of the canary's 200 mails, one address book after the other, 40 were refused.
    assert 140 <= len(await mailbox.log()) <= 160
    progress = await answered(lambda: cycle.query("progress"))
    assert progress["control"]["by"] == "error gate"
    await mailbox.clear_rules()
    code, resumed, _ = await starter(installation, "cycle", "resume", PERIOD, "--by", "ann")
    assert (code, resumed["by"]) == (0, "ann")
    result = await cycle.result()
    assert (result.sent + sum(result.failed.values()), result.balance) == (400, 0)
    assert result.failed["hard_recipient"] >= 3
