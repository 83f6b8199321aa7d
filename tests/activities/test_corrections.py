from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from relance.contracts.rollback import CorrectionInput, CorrectionResult
from relance.domain.cycle.control import ControlState
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.invitation import MailKind
from relance.errors import DependencyUnavailable, MailRefused
from relance.ids import invitation_id
from relance.ports import OutgoingMail
from tests.activities.conftest import MESSAGE_IDS, PERIOD, SEND_AT, Office


async def correct(office: Office, *, tries: int = 0) -> CorrectionResult:
    at = office.clock.at = office.clock.at + timedelta(minutes=10)
    return await office.run(office.corrections.send_corrections, CorrectionInput(period=PERIOD, at=at, tries=tries))


async def roll_back(office: Office) -> None:
    """Take a cycle back whose four contacts were invited; what went before is of no interest."""
    await office.add_user("u1", contacts=4)
    await office.plan()
    await office.send()
    await office.notify(ControlState.ROLLED_BACK)
    await office.give_up()
    office.mailer.accepted.clear()


async def test_each_who_was_invited_gets_one_correction_under_the_invitation(office: Office) -> None:
    await roll_back(office)
    result = await correct(office)
    assert (result.counts.sent, result.last, result.retry_at) == (4, None, None)
    letter: OutgoingMail = office.mailer.accepted[0]
    assert (letter.kind, letter.references) == (
        MailKind.CORRECTION,
        MESSAGE_IDS.of(letter.invitation_id, MailKind.INVITATION),
    )
    assert letter.message_id == MESSAGE_IDS.of(letter.invitation_id, MailKind.CORRECTION)
    again = await correct(office)
    assert (again.counts.sent, again.counts.skipped, len(office.mailer.accepted)) == (0, 0, 4)


async def test_whoever_opted_out_meanwhile_and_whoever_was_never_invited_gets_none(office: Office) -> None:
    await office.add_user("u1", contacts=3)
    await office.add_contact("u1", "u1x", status="pending")
    await office.plan()
    await office.send()
    await office.tell_event(invitation_id(PERIOD, "u1", "u1c1"), EventKind.OPTED_OUT)
    await office.notify(ControlState.ROLLED_BACK)
    await office.give_up()
    office.mailer.accepted.clear()
    result = await correct(office)
    assert (result.counts.sent, result.counts.skipped) == (2, 1)
    assert {letter.to_address for letter in office.mailer.accepted} == {"u1c0@c.example", "u1c2@c.example"}


async def test_an_answer_does_not_spare_the_correction(office: Office) -> None:
    await office.add_user("u1", contacts=1)
    await office.plan()
    await office.send()
    await office.tell_event(invitation_id(PERIOD, "u1", "u1c0"), EventKind.SUBMITTED)
    await office.notify(ControlState.ROLLED_BACK)
    await office.give_up()
    assert (await correct(office)).counts.sent == 1


async def test_a_correction_that_is_greylisted_is_due_again_and_the_others_are_not_sent_twice(office: Office) -> None:
    await roll_back(office)
    office.mailer.scripts["u1c2@c.example"] = [MailRefused(450, "4.7.1 greylisted", "rcpt")]
    first = await correct(office)
    assert (first.counts.sent, first.counts.deferred) == (3, 1)
    assert first.retry_at == office.clock.at + timedelta(minutes=5)
    second = await correct(office, tries=1)
    assert (second.counts.sent, second.counts.deferred, second.retry_at) == (1, 0, None)
    assert len(set(office.mailer.invitations_sent())) == len(office.mailer.accepted) == 4


async def test_a_broken_connection_sends_the_rest_with_the_next_attempt(office: Office) -> None:
    await roll_back(office)
    office.mailer.connections = 1
    office.mailer.scripts["u1c1@c.example"] = [DependencyUnavailable("relay", "closed")]
    with pytest.raises(ApplicationError, match="unavailable"):
        await correct(office)
    await correct(office)
    assert len(set(office.mailer.invitations_sent())) == len(office.mailer.accepted) == 4
    assert office.clock.at > SEND_AT
