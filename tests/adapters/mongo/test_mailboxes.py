"""What the ledger remembers of whom a mail went to, and what follows from it at the next claim."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from relance.adapters.mailbox_digests import MailboxDigests
from relance.adapters.mongo.connection import Database
from relance.adapters.mongo.suppressions import MongoSuppressions
from relance.domain.failures import UNCERTAIN
from relance.domain.invitations.invitation import InvitationStatus, MailKind
from relance.domain.invitations.people import ContactStatus
from relance.ports import Claimed, ClaimRequest, Deferred, Refused, Released, Result
from tests.support.keys import PRIVACY, a_key, ring
from tests.support.mongo_people import AT, DUE, FULL_MAILBOX, SENT, People, settle

LATER = AT + timedelta(minutes=5)
ALICE, BOB = "c0@people.example", "bob@elsewhere.example"


async def _rename(db: Database, address: str = BOB) -> None:
    await db.raw.contacts.update_one({"_id": "c0000"}, {"$set": {"email": address}})


async def _sent(people: People) -> ClaimRequest:
    request = await people.claimed()
    await people.db.ledger.exchange(settle(request, SENT), None)
    return request


def _digest(db: Database, address: str) -> str:
    return db.suppressions.mailboxes(address)[0]


async def test_a_claim_notes_the_mailbox_as_the_record_is_at_that_moment(people: People) -> None:
    [request] = await people.invite()
    await _rename(people.db)
    assert isinstance(await people.db.ledger.exchange(None, request), Claimed)
    assert (await people.stored(request)).mailboxes == (_digest(people.db, BOB),)


async def test_forty_claims_in_one_write_note_each_its_own(people: People) -> None:
    requests = await people.invite(40)
    for request in requests:
        await people.db.ledger.exchange(None, request)
    noted = [(await people.stored(one)).mailboxes for one in requests]
    assert noted == [(_digest(people.db, one.contact.email),) for one in requests]


@pytest.mark.parametrize("result", [Deferred(FULL_MAILBOX, LATER, AT), Released()], ids=["refused", "not handed over"])
async def test_a_mailbox_that_got_nothing_is_forgotten_when_the_next_one_is_tried(
    people: People, result: Result
) -> None:
    request = await people.claimed()
    await people.db.ledger.exchange(settle(request, result), None)
    await _rename(people.db)
    assert isinstance(await people.db.ledger.exchange(None, replace(request, at=LATER)), Claimed)
    assert (await people.stored(request)).mailboxes == (_digest(people.db, BOB),)


async def test_a_mailbox_that_may_have_got_it_is_remembered_beside_the_next_one(people: People) -> None:
    request = await people.claimed()
    for _ in range(2):
        await people.db.ledger.exchange(settle(request, Deferred(UNCERTAIN, LATER, AT)), None)
        assert isinstance(await people.db.ledger.exchange(None, replace(request, at=LATER)), Claimed)
    assert (await people.stored(request)).mailboxes == (_digest(people.db, ALICE),)
    await people.db.ledger.exchange(settle(request, Deferred(UNCERTAIN, LATER, AT)), None)
    await _rename(people.db)
    assert isinstance(await people.db.ledger.exchange(None, replace(request, at=LATER)), Claimed)
    assert (await people.stored(request)).mailboxes == (_digest(people.db, ALICE), _digest(people.db, BOB))


async def test_a_mailbox_is_noted_also_when_the_sender_dies_before_the_reply(people: People) -> None:
    request = await people.claimed()
    await people.db.ledger.take_over(request.invitation_id[:7], ["u1"], "t2/1")
    await _rename(people.db)
    assert isinstance(await people.db.ledger.exchange(None, replace(request, token="t2/1")), Claimed)
    assert len((await people.stored(request)).mailboxes) == 2


@pytest.mark.parametrize("kind", [MailKind.FIRST, MailKind.SECOND, MailKind.CORRECTION])
async def test_nothing_follows_an_invitation_to_a_mailbox_that_did_not_get_it(people: People, kind: MailKind) -> None:
    request = await _sent(people)
    await _rename(people.db)
    later = people.request(request.contact, kind)
    assert await people.db.ledger.exchange(None, later) == Refused("address_changed")
    stored = await people.stored(request)
    assert [(one.type, one.reason) for one in stored.reminder_skips] == [(kind, "address_changed")]
    assert stored.status is InvitationStatus.SENT


@pytest.mark.parametrize("address", [ALICE, "C0@People.Example"])
async def test_the_same_mailbox_however_it_is_written_is_reminded(people: People, address: str) -> None:
    request = await _sent(people)
    await _rename(people.db, address)
    reminder = replace(people.request(request.contact, MailKind.FIRST), at=DUE.first)
    assert isinstance(await people.db.ledger.exchange(None, reminder), Claimed)


async def test_who_was_invited_by_an_earlier_version_is_reminded_whatever_the_record_says(people: People) -> None:
    [request] = await people.invite(status=InvitationStatus.SENT)
    await _rename(people.db)
    assert isinstance(await people.db.ledger.exchange(None, people.request(request.contact, MailKind.FIRST)), Claimed)


async def test_a_status_about_one_mailbox_is_not_given_to_another(people: People) -> None:
    await people.invite()
    await _rename(people.db)
    status, contacts = ContactStatus.BOUNCED, people.db.contacts
    assert await contacts.set_status("c0000", status, "hard", AT, address=ALICE) is False
    assert await contacts.set_status("c0000", status, "hard", AT, address=BOB) is True


async def test_opt_outs_of_before_a_new_key_count_and_new_ones_stand_under_it(db: Database) -> None:
    old, new = PRIVACY.suppression_keys.texts[0], a_key()
    await db.suppressions.add(ALICE, "opted_out", AT)
    rotated = MongoSuppressions(db.raw, MailboxDigests(ring(new, old)))
    await rotated.add(BOB, "complained", AT)
    assert await rotated.suppressed([ALICE, BOB, "x@y.example"]) == {ALICE, BOB}
    assert await db.suppressions.suppressed([ALICE, BOB]) == {ALICE}
    assert await MongoSuppressions(db.raw, MailboxDigests(ring(old, new))).suppressed([ALICE, BOB]) == {ALICE, BOB}
    keys = {raw["reason"]: raw["key"] for raw in await db.raw.suppressions.find({}).to_list(None)}
    assert keys == {"opted_out": PRIVACY.suppression_keys.fingerprints[0], "complained": ring(new).fingerprints[0]}


async def test_suppressing_twice_keeps_the_first_reason(db: Database) -> None:
    mailboxes = (*db.suppressions.mailboxes(ALICE), *db.suppressions.mailboxes(BOB))
    await db.suppressions.suppress(mailboxes, "opted_out", AT)
    await db.suppressions.suppress(mailboxes[:1], "bounced", LATER)
    await db.suppressions.suppress((), "bounced", LATER)
    raws = await db.raw.suppressions.find({}).to_list(None)
    assert [(raw["reason"], raw["at"]) for raw in raws] == [("opted_out", AT)] * 2
