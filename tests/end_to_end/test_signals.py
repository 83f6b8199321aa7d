"""Events at any time of an invitation's life get an answer (SPEC R5)."""

from __future__ import annotations

import asyncio

from temporalio.client import WorkflowExecutionStatus

from relance import ids
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, SmtpStage
from relance.domain.invitations.events import EventKind
from tests.support.commands import starter
from tests.support.installation import Installation
from tests.support.patience import PATIENCE_S
from tests.support.people import PERIOD, invitation, people


async def test_events_before_the_follow_up_exists_and_after_its_end_are_answered(
    installation: Installation, mailbox: Mailbox
) -> None:
    await mailbox.add_rule(Delay(stage=SmtpStage.END_OF_DATA, seconds=1.0, times=4))
    await installation.load(*people(1, 5))
    await installation.start_worker()

    code, answer, errors = await starter(installation, "signal", invitation(0, 0), "opened")
    assert (code, answer["code"]) == (2, 2)
    assert "the ledger has no" in answer["error"]
    assert "Traceback" not in errors

    cycle = await installation.start_cycle(PERIOD)
    async with asyncio.timeout(PATIENCE_S):
        while invitation(0, 4) not in await installation.entries(PERIOD):
            await asyncio.sleep(0.02)
    early = await installation.intake().take(invitation(0, 4), EventKind.SUBMITTED)
    assert (early.entry_changed, early.follow_ups_told) == (True, 0)
    await cycle.result()

    follow_up = installation.client.get_workflow_handle(ids.follow_up_workflow_id(PERIOD, "u0"))
    for contact in range(4):
        taken = await installation.intake().take(invitation(0, contact), EventKind.SUBMITTED)
        assert taken.follow_ups_told == 1
    await follow_up.result()
    assert (await follow_up.describe()).status is WorkflowExecutionStatus.COMPLETED

    code, answer, _ = await starter(installation, "signal", invitation(0, 0), "opted-out")
    assert (code, answer["contact_changed"], answer["follow_ups_told"]) == (0, True, 0)
    code, answer, _ = await starter(installation, "signal", invitation(0, 0), "opted-out")
    assert (code, answer["changed"], answer["contact_changed"]) == (0, False, False)
    assert "No follow-up" in answer["message"]
