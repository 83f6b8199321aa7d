"""Mails whose reply is not known: when the doubt arises, and every way it ends (SPEC X4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from relance.contracts.follow_up import InvitationEvent
from relance.domain.failures import UNCERTAIN
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.invitation import Doubt, InvitationStatus, MailKind, Verdict
from relance.ports import Claimed, ClaimRequest, Deferred, Failed, Refused, Released, Resolution, Uncertain
from tests.support.mongo_people import AT, DUE, FULL_MAILBOX, PERIOD, SENT, People, settle

LATER = AT + timedelta(minutes=5)
ARRIVED = replace(SENT, sent_at=AT + timedelta(seconds=2))


def resolution(request: ClaimRequest, verdict: Verdict) -> Resolution:
    sent = None
    if verdict is Verdict.ARRIVED:
        sent = ARRIVED if request.kind is MailKind.INVITATION else replace(ARRIVED, due=None)
    return Resolution(request.invitation_id, request.kind, verdict, LATER, sent)


async def doubtful(people: People, kind: MailKind = MailKind.INVITATION) -> ClaimRequest:
    """A mail whose sender died."""
    status = InvitationStatus.QUEUED if kind is MailKind.INVITATION else InvitationStatus.SENT
    request = await people.claimed(status, kind)
    await people.db.ledger.take_over(PERIOD, ["u1"], "t2")
    return replace(request, token="t2")


async def test_a_healthy_mail_leaves_no_doubt(people: People) -> None:
    request = await people.claimed()
    await people.db.ledger.exchange(settle(request, SENT), None)
    assert (await people.stored(request)).doubts == ()
    assert await people.db.ledger.doubtful(PERIOD, "", 10) == []


@pytest.mark.parametrize("kind", [MailKind.INVITATION, MailKind.FIRST])
async def test_a_mail_whose_sender_died_is_in_doubt_since_its_claim(people: People, kind: MailKind) -> None:
    request = await doubtful(people, kind)
    assert (await people.stored(request)).doubts == (Doubt(kind=kind, since=AT, message_id=request.message_id),)


@pytest.mark.parametrize("result", [Deferred(UNCERTAIN, LATER, AT), Uncertain(UNCERTAIN, AT)])
async def test_a_mail_without_a_reply_is_in_doubt_whether_or_not_it_will_be_sent_again(
    people: People, result: Deferred | Uncertain
) -> None:
    request = await people.claimed()
    await people.db.ledger.exchange(settle(request, result), None)
    stored = await people.stored(request)
    assert stored.doubts == (Doubt(kind=MailKind.INVITATION, since=AT, message_id=request.message_id),)
    assert (stored.last_error.class_ if stored.last_error else None) == "uncertain"


@pytest.mark.parametrize("result", [Deferred(FULL_MAILBOX, LATER, AT), Failed(FULL_MAILBOX, AT)])
async def test_a_refusal_is_no_doubt(people: People, result: Deferred | Failed) -> None:
    request = await people.claimed()
    await people.db.ledger.exchange(settle(request, result), None)
    assert (await people.stored(request)).doubts == ()


async def test_the_doubtful_are_listed_in_pages_until_they_are_resolved(people: People) -> None:
    requests = await people.invite(3)
    for request in requests:
        await people.db.ledger.exchange(None, request)
    await people.db.ledger.take_over(PERIOD, ["u1"], "t2")
    first = await people.db.ledger.doubtful(PERIOD, "", 2)
    rest = await people.db.ledger.doubtful(PERIOD, first[-1].id, 2)
    assert [one.id for one in (*first, *rest)] == [request.invitation_id for request in requests]
    assert await people.db.ledger.resolve(resolution(requests[1], Verdict.ABSENT))
    assert [one.contact_id for one in await people.db.ledger.doubtful(PERIOD, "", 9)] == ["c0000", "c0002"]


async def test_an_invitation_that_arrived_is_sent_at_the_relays_instant_and_cannot_be_claimed(people: People) -> None:
    request = await doubtful(people)
    assert await people.db.ledger.resolve(resolution(request, Verdict.ARRIVED))
    stored = await people.stored(request)
    assert (stored.status, stored.sent_at, stored.due_at) == (InvitationStatus.SENT, ARRIVED.sent_at, DUE)
    assert stored.message_id == SENT.message_id
    assert (stored.doubts[0].verdict, stored.doubts[0].at) == (Verdict.ARRIVED, LATER)
    assert not isinstance(await people.db.ledger.exchange(None, request), Claimed)


async def test_an_invitation_given_up_as_uncertain_that_arrived_is_sent_after_all(people: People) -> None:
    request = await people.claimed()
    await people.db.ledger.exchange(settle(request, Uncertain(UNCERTAIN, AT)), None)
    assert await people.db.ledger.resolve(resolution(request, Verdict.ARRIVED))
    stored = await people.stored(request)
    assert (stored.status, stored.reason, stored.ended_at) == (InvitationStatus.SENT, None, None)


async def test_what_ended_the_invitation_meanwhile_stays_but_the_mail_counts_as_sent(people: People) -> None:
    request = await doubtful(people)
    event = InvitationEvent(invitation_id=request.invitation_id, kind=EventKind.OPTED_OUT, at=LATER)
    assert await people.db.ledger.apply_event(event)
    ended = (await people.stored(request)).status
    assert await people.db.ledger.resolve(resolution(request, Verdict.ARRIVED))
    stored = await people.stored(request)
    assert (stored.status, stored.sent_at) == (ended, ARRIVED.sent_at)
    assert ended is not InvitationStatus.SENT


@pytest.mark.parametrize("verdict", [Verdict.ABSENT, Verdict.UNKNOWN])
async def test_an_invitation_that_did_not_arrive_for_sure_may_be_claimed_again(
    people: People, verdict: Verdict
) -> None:
    request = await doubtful(people)
    assert await people.db.ledger.resolve(resolution(request, verdict))
    assert [one.verdict for one in (await people.stored(request)).doubts] == [verdict]
    assert isinstance(await people.db.ledger.exchange(None, request), Claimed)


async def test_a_reminder_that_arrived_is_recorded_as_sent_and_no_longer_as_uncertain(people: People) -> None:
    request = await doubtful(people, MailKind.FIRST)
    await people.db.raw.invitations.update_one(
        {"_id": request.invitation_id},
        {"$push": {"reminderSkips": {"type": "second", "reason": "uncertain", "at": AT}}},
    )
    assert await people.db.ledger.resolve(resolution(request, Verdict.ARRIVED))
    stored = await people.stored(request)
    assert [(one.type, one.sent_at) for one in stored.reminders] == [(MailKind.FIRST, ARRIVED.sent_at)]
    assert [one.type for one in stored.reminder_skips] == [MailKind.SECOND], "the other reminder's doubt is its own"
    assert await people.db.ledger.exchange(None, request) == Refused("already_sent")


async def test_an_absent_reminder_may_be_claimed(people: People) -> None:
    request = await doubtful(people, MailKind.FIRST)
    assert await people.db.ledger.exchange(None, request) == Refused("already_decided")
    assert await people.db.ledger.resolve(resolution(request, Verdict.ABSENT))
    assert isinstance(await people.db.ledger.exchange(None, request), Claimed)


async def test_a_missed_reminder_stays_unsent(people: People) -> None:
    request = await doubtful(people, MailKind.FIRST)
    assert await people.db.ledger.resolve(resolution(request, Verdict.MISSED))
    assert await people.db.ledger.exchange(None, request) == Refused("already_decided")


async def test_a_doubt_ends_once(people: People) -> None:
    request = await doubtful(people, MailKind.FIRST)
    assert await people.db.ledger.resolve(resolution(request, Verdict.ARRIVED))
    assert not await people.db.ledger.resolve(resolution(request, Verdict.ARRIVED))
    assert not await people.db.ledger.resolve(resolution(request, Verdict.ABSENT))
    assert len((await people.stored(request)).reminders) == 1


async def test_whoever_claims_the_mail_keeps_it_from_being_resolved(people: People) -> None:
    request = await doubtful(people)
    assert isinstance(await people.db.ledger.exchange(None, request), Claimed)
    assert not await people.db.ledger.resolve(resolution(request, Verdict.ARRIVED))
    assert (await people.stored(request)).sent_at is None


BACKED_UP = AT - timedelta(hours=1)


async def test_a_restore_puts_what_is_not_recorded_in_doubt_once(people: People) -> None:
    [request] = await people.invite(1)
    for _ in range(2):
        await people.db.ledger.doubt([request.invitation_id], MailKind.INVITATION, BACKED_UP)
    stored = await people.stored(request)
    assert stored.doubts == (Doubt(kind=MailKind.INVITATION, since=BACKED_UP, restored=True),)
    assert stored.status is InvitationStatus.SENDING, "so that it may turn out to have been sent"
    assert await people.db.ledger.resolve(resolution(request, Verdict.ARRIVED))
    assert (await people.stored(request)).status is InvitationStatus.SENT


async def test_a_restore_leaves_a_mail_alone_that_is_being_sent_or_was(people: People) -> None:
    request = await people.claimed()
    await people.db.ledger.doubt([request.invitation_id], MailKind.INVITATION, BACKED_UP)
    assert (await people.stored(request)).doubts == ()
    await people.db.ledger.exchange(settle(request, SENT), None)
    await people.db.ledger.doubt([request.invitation_id], MailKind.INVITATION, BACKED_UP)
    assert (await people.stored(request)).doubts == ()


async def test_a_reminder_put_in_doubt_by_a_restore_stays_unsent_until_the_log_is_sure(people: People) -> None:
    request = await people.claimed(InvitationStatus.SENT, MailKind.FIRST)
    await people.db.ledger.exchange(settle(request, Released()), None)
    for _ in range(2):
        await people.db.ledger.doubt([request.invitation_id], MailKind.FIRST, BACKED_UP)
    stored = await people.stored(request)
    assert [skip.reason for skip in stored.reminder_skips] == ["uncertain"]
    assert [doubt.kind for doubt in stored.doubts] == [MailKind.FIRST]
    assert await people.db.ledger.resolve(resolution(request, Verdict.ABSENT))
    assert (await people.stored(request)).reminder_skips == ()
