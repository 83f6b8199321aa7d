"""Histories of what a cycle leaves to be ended, for `tests.workflows.histories`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import TimeSkipper

from relance import ids
from relance.contracts.cycle import CycleInput, CycleOptions
from relance.contracts.follow_up import Followed, FollowUpInput
from relance.contracts.names import TaskQueue
from relance.contracts.rollback import RollBackInput
from tests.workflows.house import House
from tests.workflows.test_roll_back import Archive
from workflows.follow_up import FollowUp
from workflows.monthly_cycle import MonthlyCycle
from workflows.roll_back import RollBack

PERIOD = "2026-11"
Save = Callable[[Client, str, str], Awaitable[None]]


async def record_endings(skipper: TimeSkipper, archive: Archive, house: House, save: Save) -> None:
    """Record rollbacks and a cycle whose last mails take long."""
    await _roll_back(skipper, archive, save)
    await _settling(skipper, house, save)


async def _roll_back(skipper: TimeSkipper, archive: Archive, save: Save) -> None:
    """A follow-up that is ended, and a rollback with corrections that are put off."""
    client, due = skipper.client, datetime.now(UTC) + timedelta(days=3)
    groups = (Followed(contacts=("a", "b"), first=due, second=due, expiry=due),)
    follow_up = await client.start_workflow(
        FollowUp.run,
        FollowUpInput(period=PERIOD, user_id="u2", groups=groups, expiry_days=30),
        id=ids.follow_up_workflow_id(PERIOD, "u2"),
        task_queue=TaskQueue.INVITATIONS,
    )
    await follow_up.signal(FollowUp.stop, "cycle_rolled_back")
    await follow_up.result()
    await save(skipper.client, follow_up.id, "follow_up.rolled_back")
    rollback = await client.start_workflow(
        RollBack.run,
        RollBackInput(period=PERIOD, correction=True),
        id=ids.rollback_workflow_id(PERIOD),
        task_queue=TaskQueue.OPS,
    )
    await skipper.fast_forward(rollback, timedelta(minutes=30))
    await rollback.result()
    await save(skipper.client, rollback.id, "roll_back")
    archive.in_flight = [1] * 8
    patient = await client.start_workflow(
        RollBack.run,
        RollBackInput(period="2027-01"),
        id=ids.rollback_workflow_id("2027-01"),
        task_queue=TaskQueue.OPS,
    )
    await skipper.fast_forward(patient, timedelta(minutes=10))
    await patient.result()
    await save(skipper.client, patient.id, "roll_back.in_flight_for_long")


async def _settling(skipper: TimeSkipper, house: House, save: Save) -> None:
    """A cycle that waits for its last mails for many hours."""
    house.open_answers = [1] * 8
    handle: WorkflowHandle[MonthlyCycle, object] = await skipper.client.start_workflow(
        MonthlyCycle.run,
        CycleInput(period="2027-02", options=CycleOptions(), send_now=True),
        id=ids.cycle_workflow_id("2027-02"),
        task_queue=TaskQueue.INVITATIONS,
    )
    await skipper.fast_forward(handle, timedelta(days=2))
    await handle.result()
    await save(skipper.client, handle.id, "monthly_cycle.settled_for_long")
