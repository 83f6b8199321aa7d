"""Mails the relay took without our hearing of it: with a relay log nobody gets one twice (SPEC X4, I2)."""

from __future__ import annotations

import pytest

from relance import ids
from relance.cli.demo.virtual_time import FastMotion
from relance.contracts.follow_up import FollowedState, FollowUpStep
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, Drop, SmtpStage
from relance.domain.invitations.invitation import InvitationStatus, Verdict
from relance.settings.privacy import LINK_KEY
from tests.support.commands import starter
from tests.support.installation import Installation
from tests.support.keys import a_key
from tests.support.mail_flow import MailFlow
from tests.support.people import PERIOD, people

CONTACTS, LOST = 5, 3
MAILS, CONFIRMED_AFTER_S = 60, 1.0
"""Longer than it takes a busy machine to see a mail and to kill the worker."""


def _to_be_tried_again(state: FollowedState) -> bool:
    return state.step is FollowUpStep.RETRY


def with_a_log(mailbox: Mailbox) -> dict[str, str]:
    return {
        "RELANCE_RELAY_LOG__KIND": "mailbox",
        "RELANCE_RELAY_LOG__MAILBOX_URL": mailbox.url,
        "RELANCE_RELAY_LOG__WAIT": "PT1S",
    }


async def lose_replies(installation: Installation, mailbox: Mailbox) -> FastMotion:
    """Send a cycle of one user; the relay keeps every mail and drops some connections before its reply."""
    await mailbox.add_rule(Drop(stage=SmtpStage.END_OF_DATA, stored=True, times=LOST))
    await installation.load(*people(1, CONTACTS))
    await installation.start_worker()
    await installation.start_cycle(PERIOD)
    motion = FastMotion(installation.client, installation.database.ledger, PERIOD)
    await motion.next_wave()
    assert (await mailbox.stats()).total == CONTACTS
    return motion


async def try_again(installation: Installation, motion: FastMotion) -> None:
    follow_up = installation.client.get_workflow_handle(ids.follow_up_workflow_id(PERIOD, "u0"))
    await motion.run_steps(follow_up, _to_be_tried_again)
    await motion.settle()


@pytest.mark.parametrize("log", [True, False], ids=["with a log", "without"])
async def test_lost_replies_double_nothing_where_there_is_a_log_and_each_mail_once_where_there_is_none(
    installation: Installation, mailbox: Mailbox, log: bool
) -> None:
    installation.environment.update(with_a_log(mailbox) if log else {})
    motion = await lose_replies(installation, mailbox)
    await try_again(installation, motion)
    entries = await installation.entries(PERIOD)
    accepted = await mailbox.log()
    assert {entry.status for entry in entries.values()} == {InvitationStatus.SENT}
    assert len({mail.message_id for mail in accepted}) == CONTACTS
    assert len(accepted) - CONTACTS == (0 if log else LOST)
    verdicts = [doubt.verdict for entry in entries.values() for doubt in entry.doubts]
    assert verdicts == [Verdict.ARRIVED if log else Verdict.UNKNOWN] * LOST
    assert (await installation.statistics(PERIOD)).balance == 0


async def test_what_is_sent_again_after_a_rotation_of_the_link_key_has_the_message_id_of_before(
    installation: Installation, mailbox: Mailbox
) -> None:
    motion = await lose_replies(installation, mailbox)
    await installation.workers[0].stop()
    installation.environment[LINK_KEY] = f"{a_key()},{installation.environment[LINK_KEY]}"
    await installation.start_worker()
    await try_again(installation, motion)
    entries = await installation.entries(PERIOD)
    assert {entry.status for entry in entries.values()} == {InvitationStatus.SENT}
    accepted = [mail.message_id for mail in await mailbox.log()]
    assert (len(accepted), len(set(accepted))) == (CONTACTS + LOST, CONTACTS)
    assert {entry.message_id for entry in entries.values()} == set(accepted)


async def test_a_person_sees_what_is_uncertain_and_has_it_recorded(
    installation: Installation, mailbox: Mailbox
) -> None:
    motion = await lose_replies(installation, mailbox)
    _, said, _ = await starter(installation, "cycle", "uncertain", PERIOD)
    assert (said["mails"], said["relay_log"], {one["log"] for one in said["list"]}) == (LOST, False, {"unknown"})
    installation.environment.update({**with_a_log(mailbox), "RELANCE_RELAY_LOG__WAIT": "PT0S"})
    _, dry, _ = await starter(installation, "cycle", "uncertain", PERIOD)
    assert {(one["log"], one["action"]) for one in dry["list"]} == {("accepted", "record as sent")}
    _, again, _ = await starter(installation, "cycle", "uncertain", PERIOD)
    assert again == dry, "without --resolve nothing changes"
    code, done, _ = await starter(installation, "cycle", "uncertain", PERIOD, "--resolve", "--yes")
    assert (code, done["actions"]) == (0, dry["actions"])
    code, none, _ = await starter(installation, "cycle", "uncertain", PERIOD)
    assert (code, none["mails"]) == (0, 0)
    assert (await installation.statistics(PERIOD)).sent == CONTACTS
    _, why, _ = await starter(installation, "why", dry["list"][0]["invitation_id"])
    assert "log shows that it was accepted" in " ".join(why["answers"][0]["sentences"])
    # Its worker has no log: it does not send again what was recorded meanwhile.
    await try_again(installation, motion)
    assert (await mailbox.stats()).duplicates == 0


@pytest.mark.slow
async def test_a_killed_worker_doubles_nothing_where_there_is_a_log(
    installation: Installation, mailbox: Mailbox
) -> None:
    installation.environment.update(with_a_log(mailbox))
    # Kept first and confirmed later: whoever dies in between does not know that the mail arrived.
    await mailbox.add_rule(Delay(stage=SmtpStage.END_OF_DATA, seconds=CONFIRMED_AFTER_S, stored=True))
    await installation.load(*people(3, MAILS // 3))
    worker = await installation.start_worker()
    cycle = await installation.start_cycle(PERIOD)
    flow = MailFlow(mailbox)
    await flow.reach(MAILS // 3)
    worker.kill()
    assert await flow.look() < MAILS, "the kill came too late to test anything"
    await installation.start_worker()
    result = await cycle.result()
    accepted = await mailbox.log()
    assert len(accepted) == len({mail.message_id for mail in accepted}) == MAILS
    entries = await installation.entries(PERIOD)
    assert Verdict.ARRIVED in {doubt.verdict for entry in entries.values() for doubt in entry.doubts}
    assert (result.sent, result.balance, result.open) == (MAILS, 0, 0)
