"""A recipient whose provider says "later" is tried again by his follow-up (SPEC X1)."""

from __future__ import annotations

from relance import ids
from relance.cli.demo.virtual_time import FastMotion
from relance.contracts.follow_up import FollowedState, FollowUpStep
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Greylist
from relance.domain.invitations.invitation import InvitationStatus
from tests.support.asking import answered
from tests.support.installation import Installation
from tests.support.people import PERIOD, address, invitation, people


def _to_be_tried_again(state: FollowedState) -> bool:
    return state.step is FollowUpStep.RETRY


async def test_a_greylisted_recipient_is_tried_again_and_gets_his_mail_once(
    installation: Installation, mailbox: Mailbox
) -> None:
    await mailbox.add_rule(Greylist(recipient=address(0, 1), attempts=2))
    await installation.load(*people(1, 3))
    await installation.start_worker()
    cycle = await installation.start_cycle(PERIOD)
    motion = FastMotion(installation.client, installation.database.ledger, PERIOD)
    await motion.next_wave()
    waiting = (await installation.entries(PERIOD))[invitation(0, 1)]
    assert (waiting.status, waiting.attempts, waiting.sent_at) == (InvitationStatus.SENDING, 1, None)
    assert waiting.last_error is not None
    assert waiting.last_error.code == "4.7.1"

    follow_up = installation.client.get_workflow_handle(ids.follow_up_workflow_id(PERIOD, "u0"))
    await motion.run_steps(follow_up, _to_be_tried_again)
    sent = (await installation.entries(PERIOD))[invitation(0, 1)]
    assert (sent.status, sent.attempts) == (InvitationStatus.SENT, 3)
    assert sent.due_at is not None
    steps = {
        state.contact_id: state
        for state in await answered(lambda: follow_up.query("steps", result_type=list[FollowedState]))
    }
    assert (steps["u0c1"].step, steps["u0c1"].due) == (FollowUpStep.FIRST, sent.due_at.first)
    assert [mail.to[0] for mail in await mailbox.log()].count(address(0, 1)) == 1
    await motion.settle()
    result = await cycle.result()
    assert (result.sent, result.open, result.balance) == (3, 0, 0)
