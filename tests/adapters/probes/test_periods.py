"""Whether the periods are looked after, asked of a real server and a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client, Schedule, ScheduleActionStartWorkflow, ScheduleSpec, ScheduleState

from composition.probes import coverage_watch
from relance import ids
from relance.adapters.mongo.connection import Database
from relance.adapters.probes.periods import PeriodsProbe
from relance.contracts.cycle import CycleInput
from relance.contracts.names import MONTHLY_SCHEDULE, TaskQueue, Workflow
from relance.devstack.processes import free_port
from relance.domain.cycle.control import Control, ControlState
from relance.domain.cycle.coverage import CycleState, Gap
from relance.domain.cycle.send_times import current_period, next_period, period_before, period_window
from relance.domain.health.status import Concern
from relance.services.health_checks import run_probes
from relance.settings import Settings
from tests.support.fakes import FixedClock

DEADLINE = 5.0
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEXT = next_period(next_period(current_period(datetime.now(UTC), "UTC")))
"""Its Schedule is created before it begins, so that it is owed to this installation."""
BEGINS = period_window(NEXT)[0]
CRON = "0 6 25 * *"


@pytest.fixture
async def users(db: Database) -> None:
    await db.raw.users.insert_many([{"_id": f"u{number}", "email": "a@users.example"} for number in range(3)])


def probe(client: Client, db: Database, now: datetime) -> PeriodsProbe:
    return PeriodsProbe(coverage_watch(Settings(), db, client, FixedClock(now)), DEADLINE)


async def lacks(client: Client, db: Database, now: datetime) -> Concern | None:
    return (await probe(client, db, now).look()).concerns.get(NEXT)


async def schedule(client: Client, *, paused: bool = False) -> None:
    action = ScheduleActionStartWorkflow(Workflow.OPEN_PERIOD, id="open-period", task_queue=TaskQueue.OPS)
    spec = ScheduleSpec(cron_expressions=[CRON], time_zone_name="Europe/Paris")
    await client.create_schedule(
        MONTHLY_SCHEDULE, Schedule(action=action, spec=spec, state=ScheduleState(paused=paused))
    )


async def start(client: Client) -> datetime:
    handle = await client.start_workflow(
        Workflow.MONTHLY_CYCLE,
        CycleInput(period=NEXT),
        id=ids.cycle_workflow_id(NEXT),
        task_queue=TaskQueue.INVITATIONS,
    )
    return (await handle.describe()).start_time


async def plan(db: Database, *users: str, period: str = NEXT) -> None:
    await db.raw.plans.insert_many(
        [
            {"_id": f"{period}.{one}", "period": period, "userId": one, "status": "planned", "instant": BEGINS}
            for one in users
        ]
    )


async def test_without_users_or_without_a_schedule_nothing_is_owed(client: Client, db: Database) -> None:
    await db.raw.users.insert_one({"_id": "u0", "email": "a@users.example"})
    await plan(db, "u0", period=period_before(NEXT))
    assert await lacks(client, db, BEGINS) is None
    await schedule(client, paused=True)
    assert await lacks(client, db, BEGINS) == Concern(code=Gap.NO_CYCLE)
    await db.raw.users.delete_many({})
    assert await lacks(client, db, BEGINS) is None


async def test_a_schedule_that_is_paused_over_an_opening_is_told_a_day_before_and_resumed_at_once(
    client: Client, db: Database, users: None
) -> None:
    await schedule(client, paused=True)
    assert await lacks(client, db, BEGINS - 2 * DAY) is None
    assert await lacks(client, db, BEGINS - HOUR) == Concern(code=Gap.NO_CYCLE)
    await client.get_schedule_handle(MONTHLY_SCHEDULE).unpause()
    # No nominal time is left before it begins.
    assert await lacks(client, db, BEGINS - 2 * DAY) == Concern(code=Gap.NO_CYCLE)
    assert await lacks(client, db, BEGINS - 10 * DAY) is None


async def test_a_cycle_covers_its_period_and_one_that_was_ended_in_temporal_does_not(
    client: Client, db: Database, users: None
) -> None:
    await schedule(client)
    started = await start(client)
    assert await lacks(client, db, BEGINS - DAY) == Concern(code=Gap.NO_PLANS)
    await plan(db, "u0", "u1", "u2")
    assert await lacks(client, db, BEGINS - DAY) is None
    await client.get_workflow_handle(ids.cycle_workflow_id(NEXT)).terminate()
    ended = Concern(code=Gap.ENDED_BY_HAND, count=3, reason=CycleState.TERMINATED)
    assert await lacks(client, db, BEGINS - 9 * DAY) == ended
    await db.controls.change(Control(id=NEXT, state=ControlState.CANCELLED, by="ann", reason="a test", at=started))
    assert await lacks(client, db, BEGINS - 9 * DAY) is None


async def test_users_whom_no_pass_plans_are_told_after_a_pass_and_a_pause(
    client: Client, db: Database, users: None
) -> None:
    await schedule(client)
    await start(client)
    await plan(db, "u0")
    assert await lacks(client, db, BEGINS) is None
    assert await lacks(client, db, BEGINS + timedelta(minutes=89)) is None
    found = await lacks(client, db, BEGINS + timedelta(minutes=91))
    assert found == Concern(code=Gap.WITHOUT_PLAN, count=2)
    await plan(db, "u1", "u2")
    assert await lacks(client, db, BEGINS + timedelta(minutes=92)) is None


async def test_a_server_that_is_away_is_a_trouble_and_no_finding(db: Database, users: None) -> None:
    away = await Client.connect(f"127.0.0.1:{free_port()}", lazy=True)
    (look,) = await run_probes([probe(away, db, BEGINS)], FixedClock(BEGINS))
    assert (look.trouble is not None, look.concerns) == (True, {})
