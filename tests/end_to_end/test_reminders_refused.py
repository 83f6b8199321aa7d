"""A wave of reminders to a relay that refuses us pauses the period; after `resume` they all go out (SPEC C10)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Refuse, SmtpStage
from relance.domain.alerts.model import AlertState, Rule
from tests.end_to_end.test_error_gate import OPTIONS, SMALL_CANARY, paused
from tests.end_to_end.test_pause_over_reminders import until_held
from tests.end_to_end.test_reconcile import arrived, came_due, end, mails, reconcile
from tests.support import preloaded
from tests.support.commands import starter
from tests.support.installation import Installation
from tests.support.people import PERIOD, people

USERS, CONTACTS = 20, 5
CONNECTIONS = 4
SOON = timedelta(seconds=3)


@pytest.mark.slow
async def test_reminders_that_a_relay_refuses_for_our_sake_are_held_until_a_person_resumes(
    installation: Installation, mailbox: Mailbox
) -> None:
    await installation.load(*people(USERS, CONTACTS))
    environment = {
        **SMALL_CANARY,
        "RELANCE_WORKER__ACTIVITIES": "10",
        "RELANCE_MAIL__CONNECTIONS": str(CONNECTIONS),
    }
    await installation.start_worker(environment=environment)
    result = await (await installation.start_cycle(PERIOD, OPTIONS)).result()
    assert result.sent == USERS * CONTACTS
    await mailbox.add_rule(Refuse(stage=SmtpStage.MAIL, code=550, text="5.7.26 unauthenticated mail"))
    for user in range(USERS):
        await end(installation, f"u{user}")
    await came_due(installation, "first", -SOON)
    assert (await reconcile(installation, "restarted"))["follow_ups_restarted"] == USERS
    reason = await paused(installation)
    assert reason.startswith("nothing can be sent with our own configuration (5.7.26)")
    [alert] = await installation.database.raw.alerts.find({"rule": Rule.CYCLE_STOPPED}).to_list(None)
    assert (alert["severity"], alert["state"]) == ("critical", AlertState.FIRING)
    entries = (await installation.entries(PERIOD)).values()
    spent = {skip.reason for one in entries for skip in one.reminder_skips}
    burnt = [one for one in entries if one.reminder_skips]
    assert spent == {"sender_fault"}
    assert 1 <= len(burnt) <= CONNECTIONS
    untouched = {one.user_id for one in entries} - {one.user_id for one in burnt}
    for user_id in untouched:
        await until_held(installation, user_id)
    assert await mails(mailbox, "first") == []

    await mailbox.clear_rules()
    await asyncio.to_thread(preloaded.server)
    exit_code, resumed, errors = await starter(installation, "cycle", "resume", PERIOD, "--by", "ann")
    assert exit_code == 0, (resumed, errors)
    assert len(await arrived(mailbox, "first", USERS * CONTACTS - len(burnt))) == USERS * CONTACTS - len(burnt)
