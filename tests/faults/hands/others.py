"""Hands on follow-ups, alerts, rollbacks, reports and jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from relance import ids
from relance.adapters.clock import SystemClock
from relance.contracts.cycle import OpenPeriodInput
from relance.contracts.jobs import JobInput
from relance.contracts.names import JobName, TaskQueue, Workflow
from relance.contracts.reports import CycleReportInput
from relance.contracts.rollback import RollBackInput
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.model import Evidence
from relance.domain.alerts.policy import AlertPolicy
from relance.domain.cycle.control import ControlState
from relance.domain.failures import Severity
from relance.services.alerts import AlertService
from relance.services.cycle_control import CycleControl
from relance.temporal.alert_groups import TemporalAlertGroups
from relance.temporal.cycles import TemporalCycles
from tests.faults.hands.case import Ended
from tests.faults.hands.site import CONNECTIONS, CONTACTS, OPTIONS, Site

PROMPT = AlertPolicy(resolve_hold=timedelta(0), group_wait=timedelta(0))


async def follow_up_asleep(site: Site, period: str, hand: str) -> Ended:
    """A follow-up that waits for its reminders: it is there again, and each first reminder goes out once."""
    await _cycle(site, period)
    follow_up = ids.follow_up_workflow_id(period, "u0")
    await site.hand(hand, follow_up)
    await site.reconcile()
    await site.until(lambda: site.runs_now(follow_up), "the follow-up")
    return await _reminded(site, period)


async def follow_up_in_a_step(site: Site, period: str, hand: str) -> Ended:
    """A follow-up whose reminders are being sent."""
    await _cycle(site, period)
    follow_up = ids.follow_up_workflow_id(period, "u0")
    await _overdue(site, period)
    await site.hand("terminate", follow_up)
    await site.reconcile()

    async def some() -> bool:
        entries = await site.installation.entries(period)
        return any(one.claim is not None or one.reminders for one in entries.values() if one.user_id == "u0")

    await site.until(some, "a reminder")
    site.hands[period] += 1
    await site.hand(hand, follow_up)
    await site.reconcile()
    return await _reminded(site, period)


async def alert(site: Site, period: str, hand: str) -> Ended:
    """A group of alerts that people have heard of: it is there again, and nobody hears of it twice."""
    group = f"hands-{period}"
    data, groups = site.installation.database, TemporalAlertGroups(site.installation.client, PROMPT)
    desk = AlertService(data.alerts, data.silences, groups, SystemClock())
    await desk.fire([_sighting(group)])
    await site.until(lambda: _posted(site, group, 1), "the alert")
    await site.installation.alert_groups_idle([group])
    await site.hand(hand, ids.alert_workflow_id(group))
    await site.reconcile()
    runs = await site.runs_now(ids.alert_workflow_id(group))
    await site.installation.alert_groups_idle([group])
    once = await _posted(site, group, 1)
    await desk.clear(group, "one")

    async def over() -> bool:
        return not await data.alerts.open(group)

    await site.until(over, "the end of the alert")
    return Ended(healed=runs and once, sends=False)


async def rollback(site: Site, period: str, hand: str) -> Ended:
    """A rollback that was decided, and whose workflow is ended before it has taken anything back."""
    await _cycle(site, period)
    async with site.worker_is_frozen:
        await _notify(site, period, ControlState.ROLLED_BACK)
        await site.installation.client.start_workflow(
            Workflow.ROLL_BACK,
            RollBackInput(period=period),
            id=ids.rollback_workflow_id(period),
            task_queue=TaskQueue.OPS,
        )
        await site.hand(hand, ids.rollback_workflow_id(period))
    await site.ended(ids.rollback_workflow_id(period))
    counts = await site.reconcile()
    await site.ended(ids.rollback_workflow_id(period))
    left = await site.installation.database.compensations.survey(period, ControlState.ROLLED_BACK)
    await site.ended(ids.follow_up_workflow_id(period, "u0"))
    return Ended(healed=counts["rollbacks_restarted"] == 1 and not left, cancelled=True)


async def report(site: Site, period: str, hand: str) -> Ended:
    """The report of a cycle that was ended before anybody had it: it is posted, once."""
    await _cycle(site, period)
    report_id = ids.cycle_report_workflow_id(period)
    await site.ended(report_id)
    at = datetime.now(UTC)
    key = ids.cycle_report_key(period, at)
    if hand == "reset":
        key = (await site.raw.chatMessages.find_one({"_id": {"$regex": f"^cycle-report/{period}/"}}) or {})["_id"]
        await site.hand(hand, report_id)
    else:
        async with site.worker_is_frozen:
            await site.installation.client.start_workflow(
                Workflow.CYCLE_REPORT, CycleReportInput(period=period, at=at), id=report_id, task_queue=TaskQueue.OPS
            )
            await site.hand(hand, report_id)
        await site.ended(report_id)
        await site.reconcile()
    await site.ended(report_id)
    return Ended(healed=await site.raw.chatMessages.count_documents({"_id": key}) == 1)


async def opening(site: Site, period: str, hand: str) -> Ended:
    """What has opened a period, done again: there is one cycle, and one record."""
    name = f"open-period-{period}"
    client = site.installation.client
    await client.execute_workflow(
        Workflow.OPEN_PERIOD, OpenPeriodInput(zone="UTC", options=OPTIONS), id=name, task_queue=TaskQueue.OPS
    )
    before = await site.raw.jobRuns.count_documents({"job": "monthly-cycle"})
    opened: str = await client.get_workflow_handle(name, result_type=str).result()
    await site.hand(hand, name)
    again: str = await client.get_workflow_handle(name, result_type=str).result()
    cycles = [one async for one in client.list_workflows(f"WorkflowId = '{ids.cycle_workflow_id(opened)}'")]
    records = await site.raw.jobRuns.count_documents({"job": "monthly-cycle"})
    await _notify(site, opened, ControlState.CANCELLED)
    await site.ended(ids.cycle_workflow_id(opened))
    return Ended(healed=opened == again and len(cycles) == 1 and records == before, sends=False)


async def job(site: Site, period: str, hand: str) -> Ended:
    """A job that has run, done again: its nominal time has one record."""
    nominal, healed = datetime(2026, 2, 1, tzinfo=UTC), True
    for workflow, name in ((Workflow.RECONCILE, JobName.RECONCILE), (Workflow.CLEANUP, JobName.CLEANUP)):
        job_id = f"{name}-{period}"
        client = site.installation.client
        await client.execute_workflow(workflow, JobInput(nominal=nominal), id=job_id, task_queue=TaskQueue.OPS)
        await site.hand(hand, job_id)
        await site.ended(job_id)
        healed = healed and await site.raw.jobRuns.count_documents({"job": name, "nominal": nominal}) == 1
    return Ended(healed=healed, sends=False)


async def _cycle(site: Site, period: str) -> None:
    await (await site.start(period)).result()


async def _overdue(site: Site, period: str) -> None:
    at = datetime.now(UTC) - timedelta(hours=3)
    # The invitation went out three days before its first reminder: two mails keep their distance.
    fields = {"dueAt.first": at, "sentAt": at - timedelta(days=3)}
    await site.raw.invitations.update_many(
        {"period": period, "userId": "u0", "sentAt": {"$ne": None}}, {"$set": fields}
    )


async def _reminded(site: Site, period: str) -> Ended:
    """Let the first reminders be overdue; each is sent once, or is in doubt and not sent again."""
    await _overdue(site, period)
    # A follow-up that runs waits for the instants it knows.
    if await site.runs_now(ids.follow_up_workflow_id(period, "u0")):
        await site.hand("terminate", ids.follow_up_workflow_id(period, "u0"))
    await site.reconcile()

    async def decided() -> bool:
        entries = (await site.installation.entries(period)).values()
        mine = [one for one in entries if one.user_id == "u0" and one.sent_at is not None]
        return all(one.reminders or one.reminder_skips for one in mine)

    await site.until(decided, "the first reminders")
    mails = await site.mails(period, "first")
    return Ended(healed=mails.total() <= CONTACTS + site.hands[period] * CONNECTIONS and len(mails) <= CONTACTS)


async def _posted(site: Site, group: str, times: int) -> bool:
    return bool(await site.raw.chatMessages.count_documents({"_id": {"$regex": f"^alert/{group}/"}}) == times)


async def _notify(site: Site, period: str, state: ControlState) -> None:
    desk = CycleControl(site.installation.database.controls, TemporalCycles(site.installation.client), SystemClock())
    await desk.notify(period, state, "hands", "ann")


def _sighting(group: str) -> Condition:
    return Condition(
        rule=group,
        group=group,
        subject="one",
        severity=Severity.HIGH,
        labels={"name": group},
        evidence=Evidence(value=Decimal(1), threshold=Decimal(0)),
    )
