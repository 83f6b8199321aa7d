"""How many users may invite one mailbox in a period, decided with the claim."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from relance.adapters.mongo.archive import MongoArchive
from relance.adapters.mongo.connection import Database, connect, repositories
from relance.adapters.mongo.mailbox_slots import MailboxSlots
from relance.domain.failures import UNCERTAIN
from relance.domain.invitations.bounds import Bounds
from relance.domain.invitations.eligibility import Refusal
from relance.domain.invitations.invitation import Invitation, InvitationStatus, MailKind
from relance.domain.invitations.people import Contact, User
from relance.domain.jobs.retention import Sweep
from relance.ids import invitation_id
from relance.ports import TAKEN, ClaimAnswer, Claimed, ClaimRequest, Deferred, Refused, Released, Result
from relance.settings import Mongo
from tests.support.keys import PRIVACY, a_key, privacy
from tests.support.mongo_people import AT, DUE, FULL_MAILBOX, PERIOD, SENT, settle

SHARED = "zoe@people.example"
FULL = Refused(Refusal.MAILBOX_LIMIT)


async def books(db: Database, users: int, address: str = SHARED, period: str = PERIOD) -> list[ClaimRequest]:
    """Store users with one contact each, all with the same address; return the requests to invite them."""
    return [await invite(db, f"u{number:02d}", f"c{number:02d}", address, period) for number in range(users)]


async def invite(
    db: Database, user_id: str, contact_id: str, address: str = SHARED, period: str = PERIOD
) -> ClaimRequest:
    user = User(id=user_id, name=user_id)
    contact = Contact(id=contact_id, user_id=user_id, email=address, status="active")
    await db.raw.users.update_one({"_id": user_id}, {"$set": {"name": user_id, "status": "active"}}, upsert=True)
    await db.raw.contacts.update_one(
        {"_id": contact_id}, {"$set": {"userId": user_id, "email": address, "status": "active"}}, upsert=True
    )
    key = invitation_id(period, user_id, contact_id)
    await db.ledger.queue(
        [
            Invitation(
                id=key,
                period=period,
                user_id=user_id,
                contact_id=contact_id,
                status=InvitationStatus.QUEUED,
                queued_at=AT,
            )
        ]
    )
    return ClaimRequest(key, MailKind.INVITATION, "<m>", "t1", AT, user, contact)


async def claim(db: Database, requests: Sequence[ClaimRequest]) -> list[ClaimAnswer | None]:
    return list(await asyncio.gather(*(db.ledger.exchange(None, one) for one in requests)))


def granted(answers: Sequence[ClaimAnswer | None]) -> int:
    return sum(isinstance(one, Claimed) for one in answers)


async def test_of_eight_address_books_with_one_address_five_invite_it(db: Database) -> None:
    requests = await books(db, 8)
    answers = await claim(db, requests)
    assert granted(answers) == 5
    assert answers.count(FULL) == 3
    for request, answer in zip(requests, answers, strict=True):
        entry = await db.ledger.get(request.invitation_id)
        assert entry is not None
        if answer == FULL:
            assert (entry.status, entry.reason) == (InvitationStatus.SKIPPED, "mailbox_limit")
        else:
            assert entry.status is InvitationStatus.SENDING


async def test_one_after_the_other_the_first_five_get_it(db: Database) -> None:
    answers = [await db.ledger.exchange(None, one) for one in await books(db, 8)]
    assert [isinstance(one, Claimed) for one in answers] == [True] * 5 + [False] * 3


async def test_slots_taken_ahead_are_the_same_ones(db: Database) -> None:
    requests = await books(db, 8)
    await db.ledger.take_slots({one.invitation_id: one.contact.email for one in reversed(requests)})
    answers = await claim(db, requests)
    assert [isinstance(one, Claimed) for one in answers] == [False] * 3 + [True] * 5


@pytest.mark.parametrize("ahead", [False, True])
async def test_two_processes_that_claim_at_the_same_time_do_not_pass_the_limit(
    mongod_db: Database, mongo_uri: str, indexed_database: str, ahead: bool
) -> None:
    other = connect(Mongo(uri=SecretStr(mongo_uri), database=indexed_database), PRIVACY)
    for number in range(20):
        requests = [
            await invite(mongod_db, f"u{user}", f"c{user}-{number}", f"m{number}@people.example") for user in range(12)
        ]
        halves = (mongod_db, requests[::2]), (other, requests[1::2])
        if ahead:
            wanted = [{one.invitation_id: one.contact.email for one in some} for _, some in halves]
            await asyncio.gather(mongod_db.ledger.take_slots(wanted[0]), other.ledger.take_slots(wanted[1]))
        answers = await asyncio.gather(*(claim(one, some) for one, some in halves))
        assert granted([*answers[0], *answers[1]]) == 5
    await other.close()


@pytest.mark.parametrize(
    "ways",
    [
        ["zoe@people.example", "Zoe@people.example", "ZOE@PEOPLE.EXAMPLE", "zoe@People.example"],
        ["zoe@bücher.example", "zoe@xn--bcher-kva.example", "ZOE@BÜCHER.example"],
    ],
    ids=["case", "IDN"],
)
async def test_however_its_address_is_written_a_mailbox_counts_once(db: Database, ways: list[str]) -> None:
    one_user = repositories(db.client, db.raw, PRIVACY, bounds=Bounds(users_per_mailbox=1))
    requests = [await invite(db, f"u{number}", f"c{number}", address) for number, address in enumerate(ways)]
    assert granted(await claim(one_user, requests)) == 1


async def test_plus_tags_are_mailboxes_of_their_own_as_for_opt_outs(db: Database) -> None:
    one_user = repositories(db.client, db.raw, PRIVACY, bounds=Bounds(users_per_mailbox=1))
    requests = [await invite(db, f"u{number}", f"c{number}", f"zoe+{number}@people.example") for number in range(2)]
    assert granted(await claim(one_user, requests)) == 2


@pytest.mark.parametrize(
    "result",
    [
        Released(),
        Deferred(FULL_MAILBOX, AT + timedelta(minutes=5), AT),
        Deferred(UNCERTAIN, AT + timedelta(minutes=5), AT),
    ],
    ids=["given back", "put off", "in doubt"],
)
async def test_an_invitation_that_is_tried_again_keeps_its_slot(db: Database, result: Result) -> None:
    requests = await books(db, 8)
    answers = await claim(db, requests)
    [chosen, *_] = [one for one, answer in zip(requests, answers, strict=True) if isinstance(answer, Claimed)]
    for _ in range(3):
        await db.ledger.exchange(settle(chosen, result), None)
        again = replace(chosen, at=AT + timedelta(minutes=6))
        assert isinstance(await db.ledger.exchange(None, again), Claimed)


async def test_a_mail_that_nobody_else_claims_meanwhile_is_refused_again_the_same_way(db: Database) -> None:
    requests = await books(db, 6)
    answers = await claim(db, requests)
    [refused] = [one for one, answer in zip(requests, answers, strict=True) if answer == FULL]
    assert await db.ledger.exchange(None, refused) in {FULL, Refused(TAKEN)}


async def test_who_dies_between_the_slot_and_the_claim_leaves_both_to_the_next_attempt(db: Database) -> None:
    requests = await books(db, 6)
    dead = repositories(db.client, db.raw, PRIVACY)
    await dead.ledger.take_slots({one.invitation_id: one.contact.email for one in requests[:5]})
    assert await db.ledger.exchange(None, requests[5]) == FULL
    assert granted(await claim(db, requests[:5])) == 5


async def test_a_user_invites_a_mailbox_once_also_when_an_address_has_changed_since_the_batch_began(
    db: Database,
) -> None:
    first, second = await invite(db, "u1", "c1"), await invite(db, "u1", "c2", "other@people.example")
    await db.ledger.take_slots({one.invitation_id: one.contact.email for one in (first, second)})
    await db.raw.contacts.update_one({"_id": "c2"}, {"$set": {"email": SHARED}})
    assert isinstance(await db.ledger.exchange(None, first), Claimed)
    assert await db.ledger.exchange(None, second) == Refused(Refusal.DUPLICATE_ADDRESS)


async def test_an_address_that_changes_before_the_claim_needs_a_slot_of_the_new_mailbox(db: Database) -> None:
    await claim(db, await books(db, 5))
    late = await invite(db, "u9", "c9", "free@people.example")
    await db.ledger.take_slots({late.invitation_id: late.contact.email})
    await db.raw.contacts.update_one({"_id": "c9"}, {"$set": {"email": SHARED}})
    assert await db.ledger.exchange(None, late) == FULL


async def test_reminders_need_no_slot(db: Database) -> None:
    requests = await books(db, 1)
    await claim(db, requests)
    await db.ledger.exchange(settle(requests[0], SENT), None)
    before = await db.raw.mailboxSlots.count_documents({})
    for kind, at in ((MailKind.FIRST, DUE.first), (MailKind.SECOND, DUE.second)):
        reminder = replace(requests[0], kind=kind, at=at)
        assert isinstance(await db.ledger.exchange(None, reminder), Claimed)
        await db.ledger.exchange(settle(reminder, replace(SENT, sent_at=at)), None)
    assert await db.raw.mailboxSlots.count_documents({}) == before


async def test_who_may_not_be_written_to_takes_no_slot(db: Database) -> None:
    requests = await books(db, 7)
    await db.raw.users.update_many({"_id": {"$in": ["u00", "u01"]}}, {"$set": {"status": "closed"}})
    answers = [await db.ledger.exchange(None, one) for one in requests]
    assert [isinstance(one, Claimed) for one in answers] == [False] * 2 + [True] * 5


async def test_each_period_counts_for_itself(db: Database) -> None:
    assert granted(await claim(db, await books(db, 6))) == 5
    assert granted(await claim(db, await books(db, 6, period="2026-12"))) == 5


async def test_a_mailbox_counts_once_in_a_period_whose_keys_change(db: Database) -> None:
    old, new = a_key(), a_key()
    requests = await books(db, 9)
    counts = []
    for some, keys in ((requests[:2], old), (requests[2:4], f"{old},{new}"), (requests[4:], f"{new},{old}")):
        process = repositories(db.client, db.raw, privacy(suppression=keys))
        counts.append(granted(await claim(process, some)))
    assert counts == [2, 2, 1]


async def test_a_key_that_slots_were_counted_by_is_in_use(mongod_db: Database) -> None:
    old, new = a_key(), a_key()
    for keys, user in ((old, "u1"), (f"{new},{old}", "u2")):
        process = repositories(mongod_db.client, mongod_db.raw, privacy(suppression=keys))
        await claim(process, [await invite(mongod_db, user, f"c-{user}")])
    await mongod_db.raw.invitations.delete_many({})
    [counted] = (await process.keys.use()).invitations
    assert counted == process.suppressions.mailboxes(SHARED)[1].partition(":")[0]


async def test_nobody_is_told_who_has_invited_whom_once_a_period_is_anonymous(mongod_db: Database) -> None:
    await claim(mongod_db, await books(mongod_db, 3))
    await claim(mongod_db, await books(mongod_db, 2, period="2026-12"))
    archive = MongoArchive(mongod_db.raw, mongod_db.suppressions)
    await archive.end_anonymising([PERIOD])
    left = await mongod_db.raw.mailboxSlots.distinct("_id")
    assert {one[:7] for one in left} == {"2026-12"}
    await archive.sweep(Sweep.INVITATIONS_DELETED, before=AT, periods=["2026-12"], size=10)
    assert await mongod_db.raw.mailboxSlots.distinct("_id") == []


async def test_what_is_remembered_between_a_batch_and_its_claims_is_bounded(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relance.adapters.mongo.mailbox_slots._KNOWN", 10)
    slots = MailboxSlots(db.raw)
    wanted = {invitation_id(PERIOD, "u1", f"c{number}"): (f"k:{number}",) for number in range(25)}
    await slots.take_ahead(wanted)
    assert len(slots._known) == 10
    assert await slots.take(wanted) == {}
    assert slots._known == {}
