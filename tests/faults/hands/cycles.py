"""Hands on cycles and waves, at each of their stages."""

from __future__ import annotations

from datetime import UTC, datetime

from temporalio.client import WorkflowExecutionStatus

from relance import ids
from relance.adapters.clock import SystemClock
from relance.adapters.mongo.documents import Raw
from relance.devstack.mailbox.rules import Refuse, SmtpStage
from relance.domain.alerts.model import Rule
from relance.domain.cycle.control import ControlState
from relance.services.cycle_control import CycleControl
from relance.temporal.cycles import TemporalCycles
from tests.faults.hands.case import Ended
from tests.faults.hands.site import Site
from tests.support.people import address


async def before_planning(site: Site, period: str, hand: str) -> Ended:
    """The cycle was started and has done nothing yet."""
    async with site.worker_is_frozen:
        await site.start(period)
        await site.hand(hand, ids.cycle_workflow_id(period))
    await site.ended(ids.cycle_workflow_id(period))
    if hand == "terminate":
        # Nothing shows that there ever was a period but the workflow: the plans of a user are enough.
        await _plan_one(site, period)
    return await _told_and_started_again(site, period)


async def in_a_wave(site: Site, period: str, hand: str) -> Ended:
    """Mails are in flight."""
    await site.start(period)
    await site.mailing(period)
    site.hands[period] += 1
    await site.hand(hand, ids.cycle_workflow_id(period))
    if hand == "reset":
        return await _goes_on(site, period)
    await site.ended(ids.cycle_workflow_id(period))
    if hand == "cancel" and not await site.raw.plans.count_documents({"period": period, "status": {"$ne": "done"}}):
        # It has finished its wave, which was the last one.
        return await _told_and_started_again(site, period, left=0)
    return await _told_and_started_again(site, period)


async def between_waves(site: Site, period: str, hand: str) -> Ended:
    """One wave is done, another one is to come."""
    await site.start(period, send_now=False)
    await _come_due(site, period, {"userId": {"$lt": f"u{site.users // 2}"}})
    await site.until(lambda: _done(site, period, site.users // 2), f"the first wave of {period}")
    await site.hand(hand, ids.cycle_workflow_id(period))
    if hand == "reset":
        await site.until(lambda: site.runs_now(ids.cycle_workflow_id(period)), "the cycle that was reset")
        counts = await site.reconcile()
        await _come_due(site, period, {"status": "planned"})
        await site.until(lambda: _done(site, period, site.users), f"the second wave of {period}")
        await _notify(site, period, ControlState.CANCELLED)
        await site.ended(ids.cycle_workflow_id(period))
        return Ended(healed=not counts["cycles_left"])
    await site.ended(ids.cycle_workflow_id(period))
    return await _told_and_started_again(site, period)


async def settling(site: Site, period: str, hand: str) -> Ended:
    """Everything is sent but one mail that its provider has put off."""
    rule = Refuse(stage=SmtpStage.RCPT, recipient=address(0, 0), code=452, text="4.2.2 mailbox full", times=1)
    await site.mailbox.add_rule(rule)
    await site.start(period)
    await site.until(lambda: _stored(site, period), f"a first balance of {period}")
    await site.hand(hand, ids.cycle_workflow_id(period))
    if hand != "reset":
        await site.ended(ids.cycle_workflow_id(period))
    counts = await site.reconcile()
    told = await site.is_told(Rule.CYCLE_LEFT, period)
    # What is left is given up: the remedy of whoever does not want to wait for it.
    await _notify(site, period, ControlState.CANCELLED)
    again = await site.reconcile()
    await site.ended(ids.cycle_workflow_id(period))
    closed = await site.status(ids.cycle_workflow_id(period)) is WorkflowExecutionStatus.COMPLETED
    if hand == "reset":
        return Ended(healed=closed and not counts["cycles_left"], cancelled=True)
    return Ended(healed=closed and again["cycles_ended"] == 1, told=told, cancelled=True)


async def cancelled_before(site: Site, period: str, hand: str) -> Ended:
    """The cycle was told to end for good, and is ended on the server before it has given up what is left."""
    await site.start(period)
    await site.mailing(period)
    site.hands[period] += 1
    async with site.worker_is_frozen:
        await _notify(site, period, ControlState.CANCELLED)
        await site.hand(hand, ids.cycle_workflow_id(period))
    if hand != "reset":
        await site.ended(ids.cycle_workflow_id(period))
        await site.reconcile()
    await site.ended(ids.cycle_workflow_id(period))
    closed = await site.status(ids.cycle_workflow_id(period)) is WorkflowExecutionStatus.COMPLETED
    return Ended(healed=closed, cancelled=True)


async def wave(site: Site, period: str, hand: str) -> Ended:
    """A wave itself, while mails are in flight."""
    await site.start(period)
    await site.mailing(period)
    site.hands[period] += 1
    await site.hand(hand, await site.a_wave(period))
    return await _goes_on(site, period)


async def paused_wave(site: Site, period: str, hand: str) -> Ended:
    """A wave that is asleep, because its cycle is paused."""
    await site.start(period)
    await site.mailing(period)
    await _notify(site, period, ControlState.PAUSED)
    wave_id = await site.a_wave(period)
    site.hands[period] += 1
    await site.hand(hand, wave_id)
    await site.reconcile()
    await _notify(site, period, ControlState.RUNNING)
    return await _goes_on(site, period)


async def _goes_on(site: Site, period: str) -> Ended:
    counts = await site.reconcile()
    await site.ended(ids.cycle_workflow_id(period))
    closed = await site.status(ids.cycle_workflow_id(period)) is WorkflowExecutionStatus.COMPLETED
    return Ended(healed=closed and not counts["cycles_left"])


async def _told_and_started_again(site: Site, period: str, left: int | None = None) -> Ended:
    await site.reconcile()
    told = await site.is_told(Rule.CYCLE_LEFT, period)
    await site.start(period)
    # What was planned for later by the cycle before is due now as well.
    await _come_due(site, period, {"instant": {"$gt": datetime.now(UTC)}})
    await site.ended(ids.cycle_workflow_id(period))
    counts = await site.reconcile()
    cleared = not await site.is_told(Rule.CYCLE_LEFT, period) or left == 0 or counts["cycles_left"] == 0
    return Ended(healed=cleared, told=told)


async def _come_due(site: Site, period: str, which: Raw) -> None:
    """Let some plans be due now; one that is being sent follows no preferences."""
    await site.until(lambda: _planned(site, period), f"the plans of {period}")
    at = datetime.now(UTC).replace(microsecond=0)
    await site.raw.plans.update_many(
        {"period": period, "status": "planned", **which}, {"$set": {"instant": at, "status": "sending"}}
    )


async def _planned(site: Site, period: str) -> bool:
    return bool(await site.raw.plans.count_documents({"period": period}) == site.users)


async def _done(site: Site, period: str, users: int) -> bool:
    return bool(await site.raw.plans.count_documents({"period": period, "status": "done"}) >= users)


async def _stored(site: Site, period: str) -> bool:
    return await site.installation.database.job_runs.statistics(period) is not None


async def _plan_one(site: Site, period: str) -> None:
    at = datetime(2090, 1, 1, tzinfo=UTC)
    plan = {"_id": ids.plan_id(period, "u0"), "period": period, "userId": "u0", "instant": at, "status": "planned"}
    await site.raw.plans.insert_one({**plan, "local": "2090-01-01T00:00", "zone": "UTC", "updatedAt": at})


async def _notify(site: Site, period: str, state: ControlState) -> None:
    desk = CycleControl(site.installation.database.controls, TemporalCycles(site.installation.client), SystemClock())
    await desk.notify(period, state, "hands", "ann")
