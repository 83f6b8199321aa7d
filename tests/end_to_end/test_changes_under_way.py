"""What changes between queueing and sending counts (SPEC C6)."""

from __future__ import annotations

import asyncio

from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, SmtpStage
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.invitation import InvitationStatus
from tests.support.installation import Installation
from tests.support.patience import PATIENCE_S
from tests.support.people import PERIOD, address, invitation, people

SLOW_S = 1.0


async def test_answers_and_opt_outs_in_the_middle_of_a_batch_are_honoured(
    installation: Installation, mailbox: Mailbox
) -> None:
    await mailbox.add_rule(Delay(stage=SmtpStage.END_OF_DATA, seconds=SLOW_S))
    await installation.load(*people(2, 40))
    await installation.start_worker()
    cycle = await installation.start_cycle(PERIOD)
    async with asyncio.timeout(PATIENCE_S):
        while (await mailbox.stats()).total < 4:
            await asyncio.sleep(0.02)
    intake = installation.intake()
    answers = [
        await intake.take(invitation(1, 39), EventKind.SUBMITTED),
        await intake.take(invitation(1, 38), EventKind.OPTED_OUT),
        await intake.take(invitation(1, 37), EventKind.COMPLAINED),
    ]
    database = installation.database
    # The web application knows nothing of events; it only writes its own documents.
    await database.raw.contacts.update_one({"_id": "u1c36"}, {"$set": {"status": "opted_out"}})
    await database.raw.contacts.update_one({"_id": "u1c35"}, {"$set": {"email": "moved@people.example"}})
    before = (await mailbox.stats()).total
    result = await cycle.result()
    reached = {mail.to[0] for mail in await mailbox.log()}
    assert before < 40, "the changes came too late to test anything"
    assert all(answer.entry_changed and not answer.follow_ups_told for answer in answers)
    kept_out = {address(1, contact) for contact in (35, 36, 37, 38, 39)}
    assert not reached & kept_out
    assert "moved@people.example" in reached
    entries = await installation.entries(PERIOD)
    outcomes = {contact: entries[invitation(1, contact)] for contact in range(36, 40)}
    assert [outcomes[contact].status for contact in range(36, 40)] == [
        InvitationStatus.SKIPPED,
        InvitationStatus.SKIPPED,
        InvitationStatus.SKIPPED,
        InvitationStatus.SUBMITTED,
    ]
    assert outcomes[36].reason == "contact_opted_out"
    assert (result.sent, result.balance, result.open) == (len(reached), 0, 0)
    assert result.skipped == {"contact_opted_out": 1, "complained": 1, "opted_out": 1, "submitted": 1}
