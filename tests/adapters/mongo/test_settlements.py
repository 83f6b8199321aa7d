from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from relance.contracts.follow_up import InvitationEvent
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.invitation import InvitationStatus, LastError, MailKind
from relance.domain.mail.rate_limit import PUT_OFF
from relance.ports import Deferred, Failed, Released, Result, Uncertain
from tests.support.mongo_people import AT, DUE, FULL_MAILBOX, SENT, People, settle

LATER = AT + timedelta(minutes=5)
LAST_ERROR = LastError(code="4.2.2", class_="soft_recipient", severity="low", at=AT)


async def test_an_accepted_invitation_is_sent_and_knows_its_due_instants(people: People) -> None:
    request = await people.claimed()
    await people.db.ledger.exchange(settle(request, replace(SENT, late=True)), None)
    stored = await people.stored(request)
    assert stored.status is InvitationStatus.SENT
    assert (stored.message_id, stored.sent_at, stored.due_at, stored.late) == (SENT.message_id, AT, DUE, True)
    assert stored.claim is None


async def test_a_deferred_invitation_waits_for_its_retry(people: People) -> None:
    request = await people.claimed()
    await people.db.ledger.exchange(settle(request, Deferred(FULL_MAILBOX, LATER, AT)), None)
    stored = await people.stored(request)
    assert (stored.status, stored.retry_at, stored.claim) == (InvitationStatus.SENDING, LATER, None)
    assert stored.last_error == LAST_ERROR


async def test_an_invitation_that_was_put_off_has_not_used_up_a_try(people: People) -> None:
    request = await people.claimed()
    put_off = Deferred(PUT_OFF, LATER, AT, tried=False)
    for _ in range(2):
        await people.db.ledger.exchange(settle(request, put_off), None)
    stored = await people.stored(request)
    assert (stored.status, stored.retry_at, stored.claim) == (InvitationStatus.SENDING, LATER, None)
    assert stored.attempts == 0


@pytest.mark.parametrize(
    ("result", "status", "reason"),
    [
        (Failed(FULL_MAILBOX, AT), InvitationStatus.FAILED, "soft_recipient"),
        (Uncertain(FULL_MAILBOX, AT), InvitationStatus.UNCERTAIN, "uncertain"),
    ],
)
async def test_a_mail_given_up_ends_the_invitation(
    people: People, result: Result, status: InvitationStatus, reason: str
) -> None:
    request = await people.claimed()
    await people.db.ledger.exchange(settle(request, result), None)
    stored = await people.stored(request)
    assert (stored.status, stored.reason, stored.ended_at, stored.claim) == (status, reason, AT, None)
    assert stored.last_error == LAST_ERROR


async def test_a_released_invitation_is_as_before_but_for_the_attempt(people: People) -> None:
    request = await people.claimed()
    await people.db.ledger.exchange(settle(request, Released()), None)
    stored = await people.stored(request)
    assert (stored.status, stored.claim, stored.attempts) == (InvitationStatus.SENDING, None, 1)


async def test_an_accepted_reminder_is_added(people: People) -> None:
    request = await people.claimed(InvitationStatus.SENT, MailKind.FIRST)
    await people.db.ledger.exchange(settle(request, replace(SENT, due=None)), None)
    stored = await people.stored(request)
    assert [(one.type, one.sent_at, one.message_id) for one in stored.reminders] == [
        (MailKind.FIRST, AT, SENT.message_id)
    ]
    assert (stored.status, stored.claim, stored.sent_at) == (InvitationStatus.SENT, None, None)


async def test_a_deferred_reminder_may_be_claimed_again(people: People) -> None:
    request = await people.claimed(InvitationStatus.SENT, MailKind.FIRST)
    await people.db.ledger.exchange(settle(request, Deferred(FULL_MAILBOX, LATER, AT)), None)
    stored = await people.stored(request)
    assert (stored.last_error, stored.retry_at, stored.claim, stored.reminder_skips) == (LAST_ERROR, None, None, ())


@pytest.mark.parametrize(
    ("result", "reason"), [(Failed(FULL_MAILBOX, AT), "soft_recipient"), (Uncertain(FULL_MAILBOX, AT), "uncertain")]
)
async def test_a_reminder_given_up_is_skipped_with_its_reason(people: People, result: Result, reason: str) -> None:
    request = await people.claimed(InvitationStatus.OPENED, MailKind.SECOND)
    await people.db.ledger.exchange(settle(request, result), None)
    stored = await people.stored(request)
    assert [(one.type, one.reason) for one in stored.reminder_skips] == [(MailKind.SECOND, reason)]
    assert (stored.status, stored.claim) == (InvitationStatus.OPENED, None)


async def test_a_result_without_the_claim_changes_nothing(people: People) -> None:
    request = await people.claimed()
    before = await people.stored(request)
    await people.db.ledger.exchange(settle(replace(request, token="t2"), SENT), None)
    await people.db.ledger.exchange(settle(replace(request, kind=MailKind.FIRST), SENT), None)
    assert await people.stored(request) == before


async def test_a_result_recorded_twice_counts_once(people: People) -> None:
    request = await people.claimed(InvitationStatus.SENT, MailKind.FIRST)
    await people.db.ledger.exchange(settle(request, SENT), None)
    await people.db.ledger.exchange(settle(request, SENT), None)
    assert len((await people.stored(request)).reminders) == 1


@pytest.mark.parametrize("result", [SENT, Failed(FULL_MAILBOX, AT), Uncertain(FULL_MAILBOX, AT)])
async def test_an_answer_that_overtook_the_result_stays(people: People, result: Result) -> None:
    request = await people.claimed()
    await people.db.ledger.apply_event(
        InvitationEvent(invitation_id=request.invitation_id, kind=EventKind.SUBMITTED, at=LATER)
    )
    await people.db.ledger.exchange(settle(request, result), None)
    stored = await people.stored(request)
    assert (stored.status, stored.submitted_at, stored.ended_at) == (InvitationStatus.SUBMITTED, LATER, LATER)
    assert (stored.reason, stored.claim) == (None, None)
    assert stored.sent_at == (AT if result is SENT else None)


async def test_an_invitation_opened_before_its_result_came_is_opened(people: People) -> None:
    request = await people.claimed()
    await people.db.ledger.apply_event(
        InvitationEvent(invitation_id=request.invitation_id, kind=EventKind.OPENED, at=LATER)
    )
    assert (await people.stored(request)).status is InvitationStatus.SENDING
    await people.db.ledger.exchange(settle(request, SENT), None)
    assert (await people.stored(request)).status is InvitationStatus.OPENED
