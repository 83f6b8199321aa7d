"""Records one history of each workflow, for replay against later code: `python -m tests.workflows.histories`.

A recorded history stands for runs that are open while new code is deployed, so one that is there is left alone. Delete
it only when a change of a workflow's input makes it meaningless; otherwise patch the workflow and keep it. What a later
version can do besides is recorded as `<workflow>.<what>.json`.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from temporalio.worker import Worker

from relance import ids
from relance.contracts.alerts import Decided, DetailsAsked, Sighted
from relance.contracts.checks import CheckInput
from relance.contracts.control import ControlChange
from relance.contracts.cycle import CycleInput, CycleOptions, OpenPeriodInput
from relance.contracts.follow_up import Followed, FollowUpInput, InvitationEvent, Wake
from relance.contracts.health import OutageInput
from relance.contracts.jobs import JobInput
from relance.contracts.names import ErrorType, TaskQueue
from relance.devstack import temporal_server
from relance.domain.alerts.lifecycle import Firing
from relance.domain.alerts.policy import AlertPolicy
from relance.domain.cycle.control import ControlState
from relance.domain.failures import Severity
from relance.domain.invitations.events import EventKind
from relance.domain.jobs.run import ENDED_BY_HAND
from relance.runtime.process_exit import terminate
from relance.temporal.alert_groups import TemporalAlertGroups
from relance.temporal.plugin import relance_plugin
from relance.temporal.repairs import TemporalCycleRestarts
from tests.support.watch import Watch
from tests.workflows.conftest import move_to
from tests.workflows.desk import Newsroom, Reporting
from tests.workflows.hands import first_task, reset
from tests.workflows.histories_decided import record_decided
from tests.workflows.histories_endings import record_endings
from tests.workflows.histories_held import LONG, Answers, record_held
from tests.workflows.histories_local import leaves_a_second_reminder, record_local
from tests.workflows.histories_privacy import record_forgetting
from tests.workflows.histories_routes import record_routes
from tests.workflows.histories_signals import record_signals
from tests.workflows.house import House
from tests.workflows.maintenance import Maintenance
from tests.workflows.test_backfill import asked
from tests.workflows.test_follow_up import RecordedSteps
from tests.workflows.test_follow_up_local import LocalSteps
from tests.workflows.test_roll_back import Archive
from workflows.backfill import Backfill
from workflows.daily_digest import DailyDigest
from workflows.database_outage import DatabaseOutage
from workflows.default_lp_alert import DefaultLpAlert
from workflows.follow_up import FollowUp
from workflows.health_check import HealthCheck
from workflows.monthly_cycle import MonthlyCycle
from workflows.noise_report import NoiseReport
from workflows.open_period import OpenPeriod
from workflows.paused_partner_check import PausedPartnerCheck
from workflows.reconcile import Reconcile
from workflows.registry import WORKFLOWS
from workflows.send_wave import SLOW_AFTER
from workflows.weekly_cleanup import WeeklyCleanup

FOLDER = Path(__file__).parent / "recorded"
PERIOD = "2026-11"
LONG_HISTORY = {"limit.historyCount.suggestContinueAsNew": LONG}


async def save(client: Client, workflow_id: str, name: str, run_id: str | None = None) -> None:
    """Write the history of a workflow's run, the last one by default, unless there is one of that name."""
    path = FOLDER / f"{name}.json"
    if path.exists():
        return
    history = await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
    path.write_text(history.to_json() + "\n")


async def record_cycle(skipper: TimeSkipper) -> None:
    """A cycle of one wave with two batches."""
    handle: WorkflowHandle[MonthlyCycle, object] = await skipper.client.start_workflow(
        MonthlyCycle.run,
        CycleInput(period=PERIOD, options=CycleOptions(batch_users=2), send_now=True),
        id=ids.cycle_workflow_id(PERIOD),
        task_queue=TaskQueue.INVITATIONS,
    )
    await handle.result()
    await save(skipper.client, handle.id, "monthly_cycle")
    await save(skipper.client, handle.id, "monthly_cycle.reported")
    await save(skipper.client, handle.id, "monthly_cycle.unsent_recorded")
    report = skipper.client.get_workflow_handle(ids.cycle_report_workflow_id(PERIOD))
    await report.result()
    await save(skipper.client, report.id, "cycle_report")


async def record_ended_cycle(client: Client, house: House) -> None:
    """An opening that finds the cycle of its period ended by hand."""
    period = await client.get_workflow_handle("open-period").result()
    await client.get_workflow_handle(ids.cycle_workflow_id(period)).terminate()
    house.opening = ENDED_BY_HAND
    request = OpenPeriodInput(zone="Europe/Paris")
    await client.execute_workflow(OpenPeriod.run, request, id="open-period-again", task_queue=TaskQueue.OPS)
    await save(client, "open-period-again", "open_period.ended_by_hand")


async def record_control(skipper: TimeSkipper, house: House) -> None:
    """A cycle that is paused in the middle of its batches, goes on, is paused again, and ends for good."""
    for state, what in ((ControlState.RUNNING, "resumed"), (ControlState.CANCELLED, "cancelled")):
        house.planned = dict.fromkeys(("u1", "u2", "u3"), datetime.now(UTC).replace(microsecond=0))
        house.control, looks = _told(ControlState.PAUSED), house.looks
        handle = await skipper.client.start_workflow(
            MonthlyCycle.run,
            CycleInput(period=PERIOD, options=CycleOptions(batch_users=1, batches_in_flight=2), send_now=True),
            id=f"{ids.cycle_workflow_id(PERIOD)}/{what}",
            task_queue=TaskQueue.INVITATIONS,
        )
        while house.looks < looks + 2:
            await asyncio.sleep(0.05)
        await handle.signal(MonthlyCycle.control, house.control)
        wave = skipper.client.get_workflow_handle(ids.wave_workflow_id(PERIOD, house.batches[-1].instant))
        await skipper.fast_forward(wave, timedelta(hours=1, minutes=5))
        house.control = _told(state)
        await handle.signal(MonthlyCycle.control, house.control)
        await handle.result()
        await save(skipper.client, handle.id, f"monthly_cycle.paused_{what}")
        await save(skipper.client, handle.id, f"monthly_cycle.unsent_recorded_{what}")
        await save(skipper.client, wave.id, f"send_wave.paused_{what}")


async def record_hands(skipper: TimeSkipper, house: House) -> None:
    """Cycles and waves that leave plans open, that wait for a slow batch, that somebody resets and cancels."""
    client = skipper.client
    house.control, house.waves = ControlChange(), TemporalCycleRestarts(client, CycleOptions()).wave

    async def begin(what: str, **users: int) -> tuple[WorkflowHandle[MonthlyCycle, object], WorkflowHandle[Any, Any]]:
        now, batches = datetime.now(UTC).replace(microsecond=0), len(house.batches)
        house.planned = {user: now + timedelta(days=days) for user, days in users.items()}
        handle = await client.start_workflow(
            MonthlyCycle.run,
            CycleInput(period=PERIOD, options=CycleOptions(batch_users=1, batches_in_flight=2), send_now=True),
            id=f"{ids.cycle_workflow_id(PERIOD)}/{what}",
            task_queue=TaskQueue.INVITATIONS,
        )
        await _until(lambda: len(house.batches) > batches)
        return handle, client.get_workflow_handle(ids.wave_workflow_id(PERIOD, now))

    house.stubborn = {"u1"}
    handle, _ = await begin("put_off", u1=0, u2=0)
    for passes in range(2):
        made = len(house.plans_made)
        await asyncio.sleep(1 + passes)
        await handle.signal(MonthlyCycle.preferences_changed)
        await _until(lambda made=made: len(house.plans_made) > made)  # type: ignore[misc]
    house.stubborn.clear()
    await asyncio.sleep(1)
    await handle.signal(MonthlyCycle.preferences_changed)
    await handle.result()
    await save(client, handle.id, "monthly_cycle.put_off")

    house.slow = {"u2": asyncio.Event()}
    handle, wave = await begin("reset", u1=0, u2=0, u3=0)
    await _until(lambda: "u3" not in house.planned)
    await reset(client, handle, await first_task(handle))
    await _until(lambda: house.looks_at_waves > 0)
    await asyncio.sleep(SLOW_AFTER.total_seconds() + 1)
    house.slow["u2"].set()
    handle = client.get_workflow_handle(handle.id)
    await handle.result()
    await save(client, handle.id, "monthly_cycle.orphaned_wave")
    await save(client, wave.id, "send_wave.followed_soon")

    house.slow = {"u2": asyncio.Event()}
    handle, wave = await begin("by_hand", u1=0, u2=0, u3=0, u4=1)
    await wave.cancel()
    house.slow["u2"].set()
    with suppress(WorkflowFailureError):
        await wave.result()
    await asyncio.sleep(1)
    await handle.cancel()
    with suppress(WorkflowFailureError):
        await handle.result()
    await save(client, handle.id, "monthly_cycle.cancelled_by_hand")
    await save(client, wave.id, "send_wave.cancelled_by_hand")


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.05)


def _told(state: ControlState) -> ControlChange:
    return ControlChange(state=state, by="ann", reason="a test", at=datetime.now(UTC))


async def record_follow_up(skipper: TimeSkipper) -> None:
    """A follow-up with a second try, an event, both reminders and an expiry."""
    start = datetime.now(UTC).replace(microsecond=0)
    due = {days: start + timedelta(days=days) for days in (3, 7, 30)}
    handle = await skipper.client.start_workflow(
        FollowUp.run,
        FollowUpInput(
            period=PERIOD,
            user_id="u1",
            groups=(
                Followed(contacts=("a", "b"), first=due[3], second=due[7], expiry=due[30]),
                Followed(contacts=("c",), retry_at=start + timedelta(minutes=5)),
            ),
            expiry_days=30,
        ),
        id=ids.follow_up_workflow_id(PERIOD, "u1"),
        task_queue=TaskQueue.INVITATIONS,
    )
    await move_to(skipper, handle, due[3])
    event = InvitationEvent(invitation_id=ids.invitation_id(PERIOD, "u1", "b"), kind=EventKind.SUBMITTED, at=due[3])
    await handle.signal(FollowUp.event, event)
    await move_to(skipper, handle, due[7])
    await move_to(skipper, handle, due[30])
    await handle.result()
    await save(skipper.client, handle.id, "follow_up")


async def record_partner_desk(skipper: TimeSkipper) -> None:
    """Both checks, the first one with a second try, and a group of alerts from its firing to its end."""
    client = skipper.client
    for workflow, name in ((DefaultLpAlert.run, "default_lp_alert"), (PausedPartnerCheck.run, "paused_partner_check")):
        request = CheckInput(patience=timedelta(seconds=2))
        await client.execute_workflow(workflow, request, id=name, task_queue=TaskQueue.OPS)
        await save(client, name, name)
    groups = TemporalAlertGroups(client, AlertPolicy())
    firings = tuple(Firing(key, Severity.CRITICAL, Decimal(60)) for key in ("a", "b"))
    await groups.sighted("recorded", Sighted(firings=firings, observation="2026-11-20", whole=True))
    handle = client.get_workflow_handle(ids.alert_workflow_id("recorded"))
    await skipper.fast_forward(handle, timedelta(minutes=20))
    await groups.notify("recorded", DetailsAsked(keys=("a",)))
    await groups.notify("recorded", Decided(keys=("a",)))
    await skipper.fast_forward(handle, timedelta(hours=2))
    await groups.sighted("recorded", Sighted(observation="2026-11-21", whole=True))
    await skipper.fast_forward(handle, timedelta(hours=2))
    await handle.result()
    await save(client, handle.id, "alert")


async def record_maintenance(skipper: TimeSkipper) -> None:
    """The jobs that keep the house, each once; the digest is posted on the second try, a follow-up is woken."""
    client = skipper.client
    for job, name in (
        (WeeklyCleanup, "weekly_cleanup"),
        (Reconcile, "reconcile"),
        (DailyDigest, "daily_digest"),
        (NoiseReport, "noise_report"),
    ):
        handle = await client.start_workflow(job.run, JobInput(), id=name, task_queue=TaskQueue.OPS)
        if job is DailyDigest:
            await skipper.fast_forward(handle, timedelta(minutes=6))
        await handle.result()
        await save(client, name, name)
        if job is Reconcile:
            await save(client, name, "reconcile.repaired")
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    known = Followed(contacts=("a", "b"), second=due, expiry=due + timedelta(days=23))
    follow_up = await client.start_workflow(
        FollowUp.run,
        FollowUpInput(period=PERIOD, user_id="u3", groups=(known,), expiry_days=30),
        id=ids.follow_up_workflow_id(PERIOD, "u3"),
        task_queue=TaskQueue.INVITATIONS,
    )
    lost = known.model_copy(update={"contacts": ("a", "c"), "first": due - timedelta(days=4)})
    await follow_up.signal(FollowUp.wake, Wake(groups=(lost,)))
    await move_to(skipper, follow_up, due)
    await move_to(skipper, follow_up, due + timedelta(days=23))
    await follow_up.result()
    await save(client, follow_up.id, "follow_up.woken")


async def record_backfill(client: Client) -> None:
    """A backfill of two nominal times."""
    request = asked((datetime(2026, 11, 2, 4, 17, tzinfo=UTC), datetime(2026, 11, 3, 4, 17, tzinfo=UTC)))
    await client.execute_workflow(Backfill.run, request, id="backfill", task_queue=TaskQueue.OPS)
    await save(client, "backfill", "backfill")


async def record_health(skipper: TimeSkipper, watch: Watch) -> None:
    """A health check that looks twice, and an outage of MongoDB that is told."""
    client = skipper.client
    watch.changing = 1
    await client.execute_workflow(HealthCheck.run, JobInput(), id="health", task_queue=TaskQueue.OPS)
    await save(client, "health", "health_check")
    watch.lost = [True, True, False]
    request = OutageInput(begun=datetime.now(UTC), bad=1)
    await client.execute_workflow(DatabaseOutage.run, request, id="outage", task_queue=TaskQueue.OPS)
    await save(client, "outage", "database_outage")


async def record() -> int:
    """Record everything on an embedded server."""
    FOLDER.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    house = House(planned={f"u{number}": now for number in range(4)})
    with tempfile.TemporaryDirectory() as folder:
        server = await temporal_server.start(Path(folder), dynamic_config=LONG_HISTORY)
        client = await Client.connect(server.address, plugins=[relance_plugin()])
        skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        reporting = Reporting([ApplicationError("on demand", "unavailable", type=ErrorType.REPORT_UNAVAILABLE)])
        watch = Watch()
        archive = Archive(in_flight=[1], put_off={None: 1})
        activities = [
            *(one for one in house.activities() if one not in (house.give_up, house.ways)),
            *archive.activities(),
            *(one for one in reporting.activities() if one != reporting.record_job_run),
            *Newsroom(broken={"slack"}).activities(),
            RecordedSteps(answers := Answers()).run_steps,
            LocalSteps(leaves_a_second_reminder).run_steps_locally,
            *(one for one in watch.activities() if one != watch.record_job_run),
            *Maintenance(full={"slack": 1, "mail": 1}).activities(),
        ]
        async with AsyncExitStack() as workers:
            for queue in TaskQueue:
                worker = Worker(client, task_queue=queue, workflows=WORKFLOWS[queue], activities=activities)
                await workers.enter_async_context(worker)
            await record_cycle(skipper)
            wave = next(iter({batch.instant for batch in house.batches}))
            await save(client, ids.wave_workflow_id(PERIOD, wave), "send_wave")
            await record_control(skipper, house)
            await record_hands(skipper, house)
            await record_endings(skipper, archive, house, save)
            await record_follow_up(skipper)
            await record_held(skipper, answers, lambda *what: save(client, *what))
            await record_local(skipper, lambda *what: save(client, *what))
            await client.execute_workflow(
                OpenPeriod.run, OpenPeriodInput(zone="Europe/Paris"), id="open-period", task_queue=TaskQueue.OPS
            )
            await save(client, "open-period", "open_period")
            await record_ended_cycle(client, house)
            await record_partner_desk(skipper)
            await record_health(skipper, watch)
            await record_maintenance(skipper)
            await record_backfill(client)
            await record_forgetting(skipper, lambda *what: save(client, *what))
        await server.stop()
    await record_signals(save)
    await record_routes(save)
    await record_decided(save)
    sys.stdout.write(f"recorded in {FOLDER}\n")
    return 0


if __name__ == "__main__":
    terminate(asyncio.run(record()))
