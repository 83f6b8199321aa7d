"""After a pause follow-ups are woken group by group, on a real database (SPEC C11)."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities import waking
from activities.waking import Waking
from relance.adapters.mongo.connection import Database
from relance.adapters.mongo.reconciliation import MongoReconcileRows
from relance.contracts.waking import WakeInput, WakeResult
from relance.domain.cycle.control import Control, ControlState
from relance.ids import follow_up_workflow_id
from tests.activities.test_reconcile import SOON, Workflows, furnish
from tests.adapters.mongo.test_reconciliation import AT, PERIOD, failed
from tests.support.fakes import FixedClock

REQUEST = WakeInput(period=PERIOD)


class Sleepers(Workflows):
    """Follow-ups that send what is due some moments after they are woken."""

    def __init__(self, db: Database) -> None:
        super().__init__()
        self._db = db
        self._sending: set[asyncio.Task[None]] = set()
        self._users: list[str] = []
        self.most_awake = 0

    async def wake(self, follow_up: str) -> bool:
        runs = await super().wake(follow_up)
        if runs:
            self._users.append(follow_up.split("/")[2])
            task = asyncio.create_task(self._send(self._users[-1]))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
            # As the database knows it, which is what the next group waits for.
            undecided = {"userId": {"$in": self._users}, "reminders.type": {"$ne": "second"}}
            self.most_awake = max(self.most_awake, len(await self._db.raw.invitations.distinct("userId", undecided)))
        return runs

    async def _send(self, user: str) -> None:
        await asyncio.sleep(0.3)
        sent = [{"type": kind, "sentAt": AT, "messageId": "<m@form.example>"} for kind in ("first", "second")]
        await self._db.raw.invitations.update_many({"userId": user}, {"$set": {"reminders": sent}})

    async def done(self) -> None:
        """Wait for what is being sent."""
        await asyncio.gather(*self._sending)


@pytest.fixture
async def sleepers(db: Database) -> AsyncIterator[Sleepers]:
    found = Sleepers(db)
    yield found
    await found.done()


@pytest.fixture
def job(db: Database, sleepers: Sleepers, monkeypatch: pytest.MonkeyPatch) -> Waking:
    monkeypatch.setattr(waking, "LOOK_EVERY", timedelta(milliseconds=50))
    monkeypatch.setattr(waking, "PATIENCE", timedelta(seconds=5))
    return Waking(MongoReconcileRows(db.raw), db.controls, sleepers, 4, FixedClock(AT))


def running(*users: str) -> set[str]:
    return {follow_up_workflow_id(PERIOD, user) for user in users}


async def wake(job: Waking) -> WakeResult:
    return await ActivityEnvironment().run(job.wake_held, REQUEST)


async def test_whoever_has_something_due_is_woken_and_nobody_else(
    db: Database, job: Waking, sleepers: Sleepers
) -> None:
    await furnish(db, ("due", "ended", "parts"), contacts=2)
    await furnish(db, ("later",), **SOON)
    # Put off by a provider, and then held: not overdue, and asleep all the same.
    await furnish(db, ("put-off",), lastError=failed(timedelta(hours=3)))
    await db.raw.plans.update_one({"userId": "parts"}, {"$set": {"contacts": 150}})
    sleepers.running = {*running("due", "later", "parts", "put-off"), follow_up_workflow_id(PERIOD, "parts", 1)}
    assert await wake(job) == WakeResult(users=4, woken=4, missing=1)
    expected = {*running("due", "ended", "parts", "put-off"), follow_up_workflow_id(PERIOD, "parts", 1)}
    assert set(sleepers.woken) == expected
    assert len(sleepers.woken) == len(expected)


async def test_no_more_are_awake_than_fit(db: Database, job: Waking, sleepers: Sleepers) -> None:
    users = [f"u{number:02}" for number in range(20)]
    await furnish(db, users)
    sleepers.running = running(*users)
    assert await wake(job) == WakeResult(users=20, woken=20)
    # The next group begins when half of the one before is done.
    assert sleepers.most_awake <= 4 + 2
    assert sorted(sleepers.woken) == sorted(sleepers.running)


async def test_mails_that_stay_due_hold_the_others_up_for_a_while_only(
    db: Database, job: Waking, sleepers: Sleepers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waking, "PATIENCE", timedelta(milliseconds=200))
    users = [f"u{number:02}" for number in range(12)]
    await furnish(db, users)
    assert await wake(job) == WakeResult(users=12, missing=12)


async def test_a_cycle_that_is_paused_again_is_left_asleep(db: Database, job: Waking, sleepers: Sleepers) -> None:
    await furnish(db, ("u1",))
    await db.controls.change(Control(id=PERIOD, state=ControlState.PAUSED, by="ann", reason="a test", at=AT))
    assert await wake(job) == WakeResult(stopped=True)
    assert sleepers.woken == []


async def test_the_next_attempt_goes_on_where_the_one_before_was(db: Database, job: Waking, sleepers: Sleepers) -> None:
    await furnish(db, ("a", "b", "c"))
    sleepers.running = running("a", "b", "c")
    environment = ActivityEnvironment()
    known = ("b", {"users": 2, "woken": 2, "missing": 0, "stopped": False})
    environment.info = dataclasses.replace(environment.info, heartbeat_details=[known], attempt=2)
    assert await environment.run(job.wake_held, REQUEST) == WakeResult(users=3, woken=3)
    assert set(sleepers.woken) == running("c")
