from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from relance.adapters.mongo.claims import claims
from relance.adapters.mongo.connection import Database, connect
from relance.domain.invitations.invitation import InvitationStatus, MailKind
from relance.domain.invitations.people import ContactStatus
from relance.ports import TAKEN, Claimed, ClaimRequest, Deferred, Postponed, Refused, Released
from relance.settings import Mongo
from tests.support.keys import PRIVACY
from tests.support.mongo_people import AT, DUE, FULL_MAILBOX, PERIOD, SENT, People, settle


@pytest.mark.parametrize("token_of", [lambda _: "same", lambda i: f"t{i}"], ids=["one token", "many tokens"])
async def test_of_fifty_simultaneous_claims_of_one_invitation_exactly_one_wins(people: People, token_of: Any) -> None:
    [request] = await people.invite()
    callers = [people.db.ledger.exchange(None, replace(request, token=token_of(i))) for i in range(50)]
    answers = await asyncio.gather(*callers)
    assert sum(isinstance(answer, Claimed) for answer in answers) == 1
    assert answers.count(Refused(TAKEN)) == 49
    assert (await people.stored(request)).attempts == 1


async def test_two_processes_never_hold_the_same_claim(people: People, mongo_uri: str, indexed_database: str) -> None:
    requests = await people.invite(40)
    other = connect(Mongo(uri=SecretStr(mongo_uri), database=indexed_database), PRIVACY)
    here = [people.db.ledger.exchange(None, request) for request in requests]
    there = [other.ledger.exchange(None, replace(request, token="t2")) for request in requests]
    answers = await asyncio.gather(*here, *there)
    await other.close()
    wins = [isinstance(answer, Claimed) for answer in answers]
    assert [mine + theirs for mine, theirs in zip(wins[:40], wins[40:], strict=True)] == [1] * 40


async def test_a_claim_marks_the_invitation_as_being_sent(people: People) -> None:
    request = await people.claimed()
    stored = await people.stored(request)
    assert stored.status is InvitationStatus.SENDING
    assert stored.claim is not None
    assert (stored.claim.kind, stored.claim.token, stored.claim.at) == (MailKind.INVITATION, "t1", AT)


async def _opted_out(db: Database, request: ClaimRequest) -> None:
    await db.contacts.set_status(request.contact.id, ContactStatus.OPTED_OUT, "link", AT)


async def _suppressed(db: Database, request: ClaimRequest) -> None:
    await db.suppressions.add(request.contact.email.replace("people", "PEOPLE"), "complaint", AT)


async def _moved_to_a_suppressed_address(db: Database, request: ClaimRequest) -> None:
    await db.suppressions.add("new@people.example", "complaint", AT)
    await db.raw.contacts.update_one({"_id": request.contact.id}, {"$set": {"email": "new@people.example"}})


async def _user_closed(db: Database, request: ClaimRequest) -> None:
    await db.raw.users.update_one({"_id": request.user.id}, {"$set": {"status": "closed"}})


async def _deleted(db: Database, request: ClaimRequest) -> None:
    await db.raw.contacts.delete_one({"_id": request.contact.id})


async def _broken(db: Database, request: ClaimRequest) -> None:
    await db.raw.contacts.update_one({"_id": request.contact.id}, {"$set": {"status": 7}})


CHANGES = [
    (_opted_out, "contact_opted_out"),
    (_suppressed, "suppressed"),
    (_moved_to_a_suppressed_address, "suppressed"),
    (_user_closed, "user_inactive"),
    (_deleted, "contact_missing"),
    (_broken, "contact_missing"),
]


@pytest.mark.parametrize(("change", "reason"), CHANGES)
async def test_what_was_written_just_before_a_claim_is_honoured(people: People, change: Any, reason: str) -> None:
    [request] = await people.invite()
    await change(people.db, request)
    assert await people.db.ledger.exchange(None, request) == Refused(reason)
    stored = await people.stored(request)
    assert (stored.status, stored.reason, stored.claim) == (InvitationStatus.SKIPPED, reason, None)


@pytest.mark.parametrize(("change", "reason"), CHANGES)
async def test_reminders_are_refused_for_the_same_reasons(people: People, change: Any, reason: str) -> None:
    [request] = await people.invite(status=InvitationStatus.SENT)
    await change(people.db, request)
    reminder = replace(request, kind=MailKind.FIRST)
    assert await people.db.ledger.exchange(None, reminder) == Refused(reason)
    stored = await people.stored(request)
    assert stored.status is InvitationStatus.SENT
    assert [(skip.type, skip.reason) for skip in stored.reminder_skips] == [(MailKind.FIRST, reason)]


async def test_a_changed_address_is_the_one_written_to(people: People) -> None:
    [request] = await people.invite()
    await people.db.raw.contacts.update_one({"_id": "c0000"}, {"$set": {"email": "new@people.example"}})
    answer = await people.db.ledger.exchange(None, request)
    assert isinstance(answer, Claimed)
    assert answer.contact.email == "new@people.example"


async def test_reminders_switched_off_since_the_batch_began_are_not_sent(people: People) -> None:
    [request] = await people.invite(status=InvitationStatus.SENT)
    await people.db.raw.users.update_one({"_id": "u1"}, {"$set": {"reminderSettings": {"first": False}}})
    assert await people.db.ledger.exchange(None, replace(request, kind=MailKind.FIRST)) == Refused("this_reminder_off")


async def test_a_reminder_of_an_answered_invitation_is_refused(people: People) -> None:
    [request] = await people.invite(status=InvitationStatus.SUBMITTED)
    assert await people.db.ledger.exchange(None, replace(request, kind=MailKind.FIRST)) == Refused("submitted")


async def test_a_reminder_is_sent_at_most_once(people: People) -> None:
    request = await people.claimed(InvitationStatus.SENT, MailKind.FIRST)
    await people.db.ledger.exchange(settle(request, SENT), None)
    assert await people.db.ledger.exchange(None, request) == Refused("already_sent")
    assert len((await people.stored(request)).reminders) == 1
    assert (await people.stored(request)).reminder_skips == ()


@pytest.mark.parametrize(
    "since",
    [
        {"status": "submitted"},
        {"claim": {"kind": "second", "token": "t2", "at": AT}},
        {"reminders": [{"type": "first", "sentAt": AT, "messageId": "m"}]},
        {"reminderSkips": [{"type": "first", "reason": "uncertain", "at": AT}]},
    ],
    ids=["answered", "claimed", "sent", "skipped"],
)
async def test_what_happens_between_the_check_and_the_claim_defeats_the_claim(people: People, since: Any) -> None:
    [request] = await people.invite(status=InvitationStatus.SENT)
    await people.change(request, since)
    writes = claims([replace(request, kind=MailKind.FIRST)], "nonce", {})
    assert (await people.db.raw.invitations.bulk_write(writes)).matched_count == 0


@pytest.mark.parametrize(("ago", "matched"), [(timedelta(hours=23), 0), (timedelta(hours=24), 1)])
async def test_a_mail_that_was_recorded_between_the_check_and_the_claim_keeps_its_distance(
    people: People, ago: timedelta, matched: int
) -> None:
    [request] = await people.invite(status=InvitationStatus.SENT)
    first = {"type": "first", "sentAt": AT - ago, "messageId": "<m@form.example>"}
    await people.change(request, {"reminders": [first]})
    writes = claims([replace(request, kind=MailKind.SECOND)], "nonce", {}, timedelta(days=1))
    assert (await people.db.raw.invitations.bulk_write(writes)).matched_count == matched


async def test_in_one_group_each_reminder_gets_its_own_answer(people: People) -> None:
    requests = [replace(one, kind=MailKind.SECOND) for one in await people.invite(3, InvitationStatus.SENT)]
    fresh = {"type": "first", "sentAt": AT - timedelta(hours=1), "messageId": "<m@form.example>"}
    await people.change(requests[0], {"reminders": [fresh]})
    await people.change(requests[1], {"dueAt": {"first": AT, "second": AT - timedelta(days=4), "expiry": AT}})
    put_off, refused, claimed = await asyncio.gather(*(people.db.ledger.exchange(None, one) for one in requests))
    assert put_off == Postponed(AT + timedelta(hours=23))
    assert refused == Refused("too_late")
    assert isinstance(claimed, Claimed)
    assert (await people.stored(requests[0])).reminder_skips == ()


async def test_a_deferred_invitation_cannot_be_claimed_before_its_time_and_can_at_it(people: People) -> None:
    request = await people.claimed()
    later = AT + timedelta(minutes=5)
    await people.db.ledger.exchange(settle(request, Deferred(FULL_MAILBOX, later, AT)), None)
    early, in_time = replace(request, at=later - timedelta(milliseconds=1)), replace(request, at=later)
    assert await people.db.ledger.exchange(None, early) == Refused(TAKEN)
    assert isinstance(await people.db.ledger.exchange(None, in_time), Claimed)
    assert (await people.stored(request)).retry_at is None


async def test_a_released_invitation_can_be_claimed_in_the_same_exchange(people: People) -> None:
    request = await people.claimed()
    answer = await people.db.ledger.exchange(settle(request, Released()), replace(request, token="t2"))
    assert isinstance(answer, Claimed)
    assert (await people.stored(request)).attempts == 2


async def test_a_retry_takes_over_the_claims_of_the_attempt_before_it(people: People) -> None:
    requests = await people.invite(3)
    for request in requests[:2]:
        await people.db.ledger.exchange(None, request)
    assert await people.db.ledger.take_over(PERIOD, ["u1"], "t1") == 0
    assert await people.db.ledger.take_over(PERIOD, ["u1", "u2"], "t2") == 2
    await people.db.ledger.exchange(settle(requests[0], SENT), None)
    assert (await people.stored(requests[0])).sent_at is None, "the dead attempt has nothing to say any more"
    assert isinstance(await people.db.ledger.exchange(None, replace(requests[0], token="t2")), Claimed)


async def test_an_attempt_that_was_given_up_and_wakes_late_leaves_the_claims_of_its_successor(people: People) -> None:
    first, second = await people.invite(2)
    await people.db.ledger.exchange(None, replace(first, token="run/5/000000002"))
    await people.db.ledger.exchange(None, replace(second, token="run/4/000000007"))
    assert await people.db.ledger.take_over(PERIOD, ["u1"], "run/5/000000001") == 1, "another activity's claim"
    await people.db.ledger.exchange(settle(replace(first, token="run/5/000000002"), SENT), None)
    assert (await people.stored(first)).sent_at is not None


async def test_a_reminder_of_a_dead_attempt_is_uncertain_and_stays_unsent(people: People) -> None:
    request = await people.claimed(InvitationStatus.OPENED, MailKind.SECOND)
    assert await people.db.ledger.take_over(PERIOD, ["u1"], "t2") == 1
    stored = await people.stored(request)
    assert [(skip.type, skip.reason, skip.at) for skip in stored.reminder_skips] == [(MailKind.SECOND, "uncertain", AT)]
    assert await people.db.ledger.exchange(None, replace(request, token="t2")) == Refused("already_decided")


async def test_a_cancelled_caller_leaves_no_claim_behind(people: People) -> None:
    [request] = await people.invite()
    waiting = asyncio.create_task(people.db.ledger.exchange(None, request))
    for _ in range(5):
        await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await people.db.group_commit.close()
    assert (await people.stored(request)).claim is None


async def test_a_caller_who_went_away_while_waiting_claims_nothing(people: People) -> None:
    first, second = await people.invite(2)
    under_way = asyncio.create_task(people.db.ledger.exchange(None, first))
    await asyncio.sleep(0.0)
    await asyncio.sleep(0.0)
    waiting = asyncio.create_task(people.db.ledger.exchange(None, second))
    await asyncio.sleep(0.0)
    waiting.cancel()
    assert isinstance(await under_way, Claimed)
    await people.db.group_commit.close()
    assert (await people.stored(second)).status is InvitationStatus.QUEUED


async def test_a_cancelled_callers_result_is_recorded_all_the_same(people: People) -> None:
    request = await people.claimed()
    waiting = asyncio.create_task(people.db.ledger.exchange(settle(request, SENT), None))
    await asyncio.sleep(0)
    waiting.cancel()
    await people.db.group_commit.close()
    stored = await people.stored(request)
    assert (stored.status, stored.due_at) == (InvitationStatus.SENT, DUE)
