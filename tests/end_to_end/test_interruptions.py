"""A worker that dies, and one that is asked to stop, in the middle of a cycle (SPEC C9, X5)."""

from __future__ import annotations

import pytest

from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, SmtpStage
from tests.end_to_end.conftest import CONNECTIONS
from tests.support.installation import Installation
from tests.support.mail_flow import MailFlow
from tests.support.people import PERIOD, people

CONFIRMED_AFTER_S = 0.3
DRAINED_S = 30.0
NEVER_S, IMPATIENT_DRAIN = 300.0, {"RELANCE_WORKER__DRAIN": "PT1S"}
MAILS = 60


async def _under_way(installation: Installation, mailbox: Mailbox) -> MailFlow:
    """Wait until a good part of the cycle's mails has arrived."""
    flow = MailFlow(mailbox)
    await flow.reach(MAILS // 3)
    return flow


async def _begin(installation: Installation, mailbox: Mailbox) -> None:
    # Kept first and confirmed later: whoever dies in between does not know that the mail arrived.
    await mailbox.add_rule(Delay(stage=SmtpStage.END_OF_DATA, seconds=CONFIRMED_AFTER_S, stored=True))
    await installation.load(*people(3, MAILS // 3))


@pytest.mark.slow
async def test_a_killed_worker_loses_nothing_and_doubles_at_most_one_mail_per_connection(
    installation: Installation, mailbox: Mailbox
) -> None:
    await _begin(installation, mailbox)
    worker = await installation.start_worker()
    cycle = await installation.start_cycle(PERIOD)
    flow = await _under_way(installation, mailbox)
    worker.kill()
    assert await flow.look() < MAILS, "the kill came too late to test anything"
    await installation.start_worker()
    result = await cycle.result()
    accepted = await mailbox.log()
    assert len({mail.to[0] for mail in accepted}) == len({mail.message_id for mail in accepted}) == MAILS
    assert MAILS < len(accepted) <= MAILS + CONNECTIONS
    assert (result.sent, result.balance, result.open) == (MAILS, 0, 0)


@pytest.mark.slow
async def test_a_worker_asked_to_stop_finishes_its_mails_and_leaves_with_zero(
    installation: Installation, mailbox: Mailbox
) -> None:
    await _begin(installation, mailbox)
    worker = await installation.start_worker()
    cycle = await installation.start_cycle(PERIOD)
    await _under_way(installation, mailbox)
    code, took_s = await worker.stop()
    left_at = (await mailbox.stats()).total
    recorded = [entry for entry in (await installation.entries(PERIOD)).values() if entry.sent_at is not None]
    assert (code, left_at) == (0, len(recorded))
    assert took_s < DRAINED_S
    assert left_at < MAILS, "it was asked too late to test anything"
    await installation.start_worker()
    result = await cycle.result()
    assert len(await mailbox.log()) == MAILS
    assert (result.sent, result.balance, result.open) == (MAILS, 0, 0)


@pytest.mark.slow
async def test_a_worker_asked_to_stop_does_not_wait_for_a_relay_that_never_replies(
    installation: Installation, mailbox: Mailbox
) -> None:
    await mailbox.add_rule(Delay(stage=SmtpStage.END_OF_DATA, seconds=NEVER_S, stored=True))
    await installation.load(*people(3, MAILS // 3))
    worker = await installation.start_worker(environment=IMPATIENT_DRAIN)
    cycle = await installation.start_cycle(PERIOD)
    await MailFlow(mailbox).reach(CONNECTIONS)
    code, took_s = await worker.stop()
    assert code == 0
    assert took_s < DRAINED_S / 3
    await mailbox.clear()
    await installation.start_worker()
    result = await cycle.result()
    # The first of them were accepted and are forgotten by now: they come again, under the Message-IDs they had.
    assert len(await mailbox.log()) == MAILS
    assert (result.sent, result.balance, result.open) == (MAILS, 0, 0)
