"""Follow-ups that were lost are started again, and no reminder is sent twice (SPEC R8)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio.client import WorkflowExecutionStatus, WorkflowHandle

from relance import ids
from relance.contracts.jobs import JobInput, JobResult
from relance.contracts.names import TaskQueue, Workflow
from relance.devstack.mailbox.client import Mailbox
from relance.domain.cycle.control import Control, ControlState
from relance.domain.cycle.send_times import next_period
from tests.support.asking import answered
from tests.support.installation import Installation
from tests.support.patience import PATIENCE_S
from tests.support.people import PERIOD, address, invitation, people

CONTACTS = 4


async def reconcile(installation: Installation, name: str, *, dry_run: bool = False) -> dict[str, int]:
    result: JobResult = await installation.client.execute_workflow(
        Workflow.RECONCILE,
        JobInput(dry_run=dry_run),
        id=f"reconcile-{name}",
        task_queue=TaskQueue.OPS,
        execution_timeout=timedelta(minutes=2),
        result_type=JobResult,
    )
    assert result.state in {"ran", "late"}, result
    return {name: count for name, count in result.counts.items() if count}


def follow_up(installation: Installation, user: str) -> WorkflowHandle[object, dict[str, str]]:
    return installation.client.get_workflow_handle(ids.follow_up_workflow_id(PERIOD, user))


async def end(installation: Installation, user: str) -> None:
    """Terminate a follow-up and wait until the server's list of what runs, which is behind, says so as well."""
    handle = follow_up(installation, user)
    await handle.terminate("a test")
    running = f"ExecutionStatus = 'Running' AND WorkflowId = '{handle.id}'"
    async with asyncio.timeout(PATIENCE_S):
        while (await installation.client.count_workflows(running)).count:
            await asyncio.sleep(0.05)


async def came_due(installation: Installation, kind: str, ago: timedelta) -> None:
    """Put an instant of every invitation into the past, and every mail so far days before it."""
    at = datetime.now(UTC) - ago
    earlier = at - timedelta(days=3)
    moved = {"input": "$reminders", "as": "one", "in": {"$mergeObjects": ["$$one", {"sentAt": earlier}]}}
    reminders = {"$cond": [{"$isArray": "$reminders"}, {"$map": moved}, []]}
    fields = {f"dueAt.{kind}": at, "sentAt": earlier, "reminders": reminders}
    await installation.database.raw.invitations.update_many({"period": PERIOD}, [{"$set": fields}])


async def mails(mailbox: Mailbox, kind: str) -> list[str]:
    return sorted(mail.to[0] for mail in await mailbox.log() if f".{kind}@" in (mail.message_id or ""))


async def arrived(mailbox: Mailbox, kind: str, count: int) -> list[str]:
    async with asyncio.timeout(PATIENCE_S):
        while len(found := await mails(mailbox, kind)) < count:
            await asyncio.sleep(0.05)
    return found


async def test_a_follow_up_that_was_killed_is_started_again_and_each_reminder_is_sent_once(
    installation: Installation, mailbox: Mailbox
) -> None:
    await installation.load(*people(2, CONTACTS))
    await installation.start_worker()
    await (await installation.start_cycle(PERIOD)).result()
    assert await reconcile(installation, "healthy") == {"users_watched": 2}

    await end(installation, "u0")
    await came_due(installation, "first", timedelta(hours=3))
    both = {"users_watched": 2, "follow_ups_restarted": 1, "reminders_woken": CONTACTS}
    assert await reconcile(installation, "rehearsal", dry_run=True) == both
    assert await mails(mailbox, "first") == []
    assert await reconcile(installation, "killed") == both

    expected = sorted(address(user, contact) for user in range(1) for contact in range(CONTACTS))
    # The other follow-up runs and waits for the instant it was told; it is told again, and changes nothing.
    assert await arrived(mailbox, "first", CONTACTS) == expected
    assert (await follow_up(installation, "u1").describe()).status is WorkflowExecutionStatus.RUNNING

    # Lost once more, after it has sent: the new one knows from the ledger what is done.
    await end(installation, "u0")
    assert (await reconcile(installation, "again"))["follow_ups_restarted"] == 1
    await came_due(installation, "second", timedelta(hours=3))
    await end(installation, "u0")
    assert (await reconcile(installation, "second"))["follow_ups_restarted"] == 1
    assert await arrived(mailbox, "second", CONTACTS) == expected
    assert await mails(mailbox, "first") == expected

    entry = (await installation.entries(PERIOD))[invitation(0, 0)]
    assert [one.type for one in entry.reminders] == ["first", "second"]
    job_runs = await installation.database.job_runs.runs(job="reconcile")
    assert [run.state for run in job_runs] == ["ran"] * 4


async def test_of_two_reminders_that_are_both_overdue_only_the_second_is_sent(
    installation: Installation, mailbox: Mailbox
) -> None:
    await installation.load(*people(1, CONTACTS))
    await installation.start_worker()
    await (await installation.start_cycle(PERIOD)).result()
    await end(installation, "u0")
    await came_due(installation, "first", timedelta(days=5))
    await came_due(installation, "second", timedelta(days=1))
    assert (await reconcile(installation, "late"))["follow_ups_restarted"] == 1
    assert len(await arrived(mailbox, "second", CONTACTS)) == CONTACTS
    assert await mails(mailbox, "first") == []
    entry = (await installation.entries(PERIOD))[invitation(0, 0)]
    assert [(skip.type, skip.reason) for skip in entry.reminder_skips] == [("first", "overtaken")]


async def test_plans_left_behind_by_a_killed_cycle_are_finished_or_named(
    installation: Installation, mailbox: Mailbox
) -> None:
    await installation.load(*people(3, CONTACTS))
    await installation.start_worker()
    await (await installation.start_cycle(PERIOD)).result()
    raw = installation.database.raw
    await raw.plans.update_many({"userId": {"$in": ["u1", "u2"]}}, {"$set": {"status": "sending"}})
    await end(installation, "u1")
    await raw.invitations.update_one({"_id": invitation(2, 0)}, {"$set": {"status": "queued"}})

    found = await reconcile(installation, "stale")
    assert found == {"users_watched": 3, "follow_ups_restarted": 1, "plans_finished": 1, "plans_stuck": 1}
    plans = {plan["userId"]: plan["status"] async for plan in raw.plans.find({"period": PERIOD})}
    assert plans == {"u0": "done", "u1": "done", "u2": "sending"}
    [alert] = await installation.database.alerts.open()
    assert (alert.rule, alert.labels["plans_stuck"]) == ("reconciliation", "1")

    await raw.invitations.update_one({"_id": invitation(2, 0)}, {"$set": {"status": "sent"}})
    assert (await reconcile(installation, "mended"))["plans_finished"] == 1


async def test_a_cycle_that_never_heard_of_a_decision_is_told_by_the_next_run(
    installation: Installation, mailbox: Mailbox
) -> None:
    period = next_period(f"{datetime.now(UTC):%Y-%m}")
    await installation.load(*people(1, CONTACTS))
    await installation.start_worker()
    cycle = await installation.start_cycle(period, send_now=False)
    async with asyncio.timeout(PATIENCE_S):
        while not (await answered(lambda: cycle.query("progress")))["users_planned"]:
            await asyncio.sleep(0.05)
    # As by a command that dies before the signal.
    paused = Control(id=period, state=ControlState.PAUSED, by="ann", reason="a test", at=datetime.now(UTC))
    await installation.database.controls.change(paused)
    assert (await answered(lambda: cycle.query("progress")))["control"]["state"] == "running"
    assert await reconcile(installation, "dry", dry_run=True) == {"users_watched": 1}
    assert await reconcile(installation, "lost") == {"users_watched": 1, "cycles_told": 1}
    assert (await answered(lambda: cycle.query("progress")))["control"]["state"] == "paused"
    assert await reconcile(installation, "told") == {"users_watched": 1}
