"""Reminders that come due while their cycle is paused go out once, as soon as it goes on (SPEC C11)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from relance import ids
from relance.adapters.clock import SystemClock
from relance.contracts.follow_up import FollowedState
from relance.contracts.names import Query
from relance.contracts.waking import WakeResult
from relance.devstack.mailbox.client import Mailbox
from relance.domain.cycle.control import ControlState
from relance.services.cycle_control import CycleControl
from relance.temporal.cycles import TemporalCycles
from tests.end_to_end.test_reconcile import arrived, came_due, end, follow_up, mails, reconcile
from tests.support.asking import answered
from tests.support.installation import Installation
from tests.support.patience import PATIENCE_S
from tests.support.people import PERIOD, people

USERS, CONTACTS = 3, 4
SOON = timedelta(seconds=3)


async def until_held(installation: Installation, user: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            states = await answered(
                lambda: follow_up(installation, user).query(Query.STEPS, result_type=list[FollowedState])
            )
            if all(state.held for state in states):
                return
            await asyncio.sleep(0.1)


async def test_reminders_of_a_paused_cycle_are_held_and_go_out_once_when_it_goes_on(
    installation: Installation, mailbox: Mailbox
) -> None:
    await installation.load(*people(USERS, CONTACTS))
    await installation.start_worker()
    await (await installation.start_cycle(PERIOD)).result()
    desk = CycleControl(installation.database.controls, TemporalCycles(installation.client), SystemClock())
    await desk.notify(PERIOD, ControlState.PAUSED, "the relay moves house", "ann")
    users = [f"u{number}" for number in range(USERS)]
    for user in users:
        await end(installation, user)
    await came_due(installation, "first", -SOON)
    assert (await reconcile(installation, "restarted"))["follow_ups_restarted"] == USERS
    for user in users:
        await until_held(installation, user)
    assert await mails(mailbox, "first") == []
    held = [(await follow_up(installation, user).describe()).history_length for user in users]

    await desk.notify(PERIOD, ControlState.RUNNING, "", "ann")
    waking = installation.client.get_workflow_handle(ids.wake_workflow_id(PERIOD), result_type=WakeResult)
    assert await waking.result() == WakeResult(users=USERS, woken=USERS)
    assert len(await arrived(mailbox, "first", USERS * CONTACTS)) == USERS * CONTACTS
    # Saying it again wakes nobody, and a lost start is made up for by the reconciliation, when something is overdue.
    await desk.notify(PERIOD, ControlState.RUNNING, "", "ann")
    assert await waking.result() == WakeResult()
    assert "reminders_woken" not in await reconcile(installation, "after")
    await asyncio.sleep(1.0)
    assert len(await mails(mailbox, "first")) == USERS * CONTACTS
    after = [(await follow_up(installation, user).describe()).history_length for user in users]
    assert all(later - earlier < 60 for earlier, later in zip(held, after, strict=True))
