"""Suppressions of one sender, and opt-outs that are taken back, on a real database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from relance.adapters.mongo.connection import Database
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.invitation import InvitationStatus, MailKind
from relance.domain.invitations.opt_outs import OptOut, OptOutScope, OptOutWay
from relance.domain.invitations.people import ContactStatus
from relance.ports import Claimed, Refused, Suppression
from tests.support.mongo_people import AT, PERIOD, People

ONE = f"{PERIOD}.u1.c0000"
LATER = AT + timedelta(seconds=1)
OPTED_OUT = EventKind.OPTED_OUT


@pytest.fixture
def people(db: Database) -> People:
    return People(db)


def _action(scope: OptOutScope = OptOutScope.SENDER, at: Any = AT) -> OptOut:
    return OptOut(scope=scope, way=OptOutWay.PAGE, at=at, contact_was=ContactStatus.ACTIVE)


async def _stop(db: Database, address: str, user_id: str) -> None:
    await db.suppressions.suppress(
        db.suppressions.for_sender(db.suppressions.mailboxes(address), user_id), OPTED_OUT, AT
    )


@pytest.mark.parametrize(("user_id", "refused"), [("u1", True), ("u2", False)])
@pytest.mark.parametrize("moved", [False, True])
async def test_a_claim_heeds_who_stopped_this_sender_alone(
    people: People, user_id: str, refused: bool, moved: bool
) -> None:
    [request] = await people.invite()
    address = "New@people.example" if moved else request.contact.email
    if moved:
        await people.db.raw.contacts.update_one({"_id": "c0000"}, {"$set": {"email": "new@people.example"}})
    await _stop(people.db, address, user_id)
    answer = await people.db.ledger.exchange(None, request)
    assert answer == Refused("suppressed") if refused else isinstance(answer, Claimed)
    assert await people.db.suppressions.suppressed([address]) == set()


async def test_a_reminder_heeds_it_too(people: People) -> None:
    [request] = await people.invite(status=InvitationStatus.SENT)
    await _stop(people.db, request.contact.email, "u1")
    reminder = replace(request, kind=MailKind.FIRST)
    assert await people.db.ledger.exchange(None, reminder) == Refused("suppressed")


async def test_what_stops_one_sender_names_neither_mailbox_nor_user(db: Database) -> None:
    await _stop(db, "alice@people.example", "u1")
    [stored] = await db.raw.suppressions.find({}).to_list(None)
    assert stored["_id"] not in {one.rpartition(":")[2] for one in db.suppressions.mailboxes("alice@people.example")}
    assert "u1" not in {*map(str, stored.values())}
    assert "alice" not in str(stored)


async def test_one_opt_out_per_scope_is_open_however_many_come_at_once(db: Database) -> None:
    asked = [db.opt_outs.begin(ONE, _action(at=AT + timedelta(seconds=n))) for n in range(10)]
    begun = await asyncio.gather(*asked)
    assert len({one.at for one in begun}) == 1
    await db.opt_outs.begin(ONE, _action(OptOutScope.EVERYONE))
    assert len(await db.opt_outs.of_invitation(ONE)) == 2
    assert await db.opt_outs.undo(ONE, OptOutScope.SENDER, LATER, OptOutWay.PAGE) is True
    assert await db.opt_outs.undo(ONE, OptOutScope.SENDER, LATER, OptOutWay.PAGE) is False
    again = await db.opt_outs.begin(ONE, _action(at=LATER))
    assert again.at == LATER
    assert len(await db.opt_outs.of_invitation(ONE)) == 3


async def test_records_of_one_invitation_are_limited(db: Database) -> None:
    for number in range(30):
        await db.opt_outs.begin(ONE, _action(at=AT + timedelta(seconds=number)))
        await db.opt_outs.undo(ONE, OptOutScope.SENDER, LATER, OptOutWay.PAGE)
    assert len(await db.opt_outs.of_invitation(ONE)) == 20


OTHERS = {
    "a complaint": (EventKind.COMPLAINED, LATER),
    "a bounce": (EventKind.BOUNCED, LATER),
    "a later opt-out": (OPTED_OUT, LATER),
    "an earlier opt-out": (OPTED_OUT, AT - timedelta(days=1)),
    "an earlier bounce": (EventKind.BOUNCED, AT - timedelta(days=1)),
}


@pytest.mark.parametrize(("reason", "at"), OTHERS.values(), ids=OTHERS)
async def test_what_else_holds_a_suppression_keeps_it(db: Database, reason: str, at: Any) -> None:
    mailbox = db.suppressions.mailboxes("alice@people.example")[:1]
    for why, when in sorted([(OPTED_OUT, AT), (reason, at)], key=lambda one: one[1]):
        await db.suppressions.suppress(mailbox, why, when)
    assert await db.opt_outs.lift(mailbox, AT) == 0
    assert await db.suppressions.known(mailbox) == {*mailbox}


async def test_what_an_earlier_version_has_written_is_kept(db: Database) -> None:
    [mailbox] = db.suppressions.mailboxes("alice@people.example")[:1]
    old = {"_id": mailbox.rpartition(":")[2], "reason": "opted_out", "at": AT}
    await db.raw.suppressions.insert_one(old)
    assert await db.opt_outs.lift([mailbox], AT) == 0
    await db.suppressions.suppress([mailbox], OPTED_OUT, LATER)
    assert await db.opt_outs.lift([mailbox], LATER) == 0


async def test_an_opt_out_alone_is_lifted_and_a_repeated_one_is_the_same(db: Database) -> None:
    mailbox = db.suppressions.mailboxes("alice@people.example")[:1]
    for _ in range(3):
        await db.suppressions.suppress(mailbox, OPTED_OUT, AT)
    assert await db.opt_outs.lift(mailbox, AT) == 1


async def test_of_many_who_suppress_at_once_every_cause_is_kept(db: Database) -> None:
    mailbox = db.suppressions.mailboxes("alice@people.example")[0]
    kinds = [OPTED_OUT, EventKind.COMPLAINED, EventKind.BOUNCED]
    wanted = [Suppression(mailbox, kind, AT + timedelta(seconds=n)) for n in range(10) for kind in kinds]
    await asyncio.gather(*(db.suppressions.suppress_each([one]) for one in wanted))
    [stored] = await db.raw.suppressions.find({}).to_list(None)
    assert stored["causes"] == dict.fromkeys(map(str, kinds), AT + timedelta(seconds=9))


async def test_reasons_within_one_call_are_all_kept(db: Database) -> None:
    mailbox = db.suppressions.mailboxes("alice@people.example")[0]
    await db.suppressions.suppress_each([Suppression(mailbox, OPTED_OUT, AT), Suppression(mailbox, "bounced", LATER)])
    [stored] = await db.raw.suppressions.find({}).to_list(None)
    assert (stored["reason"], stored["causes"]) == ("opted_out", {"opted_out": AT, "bounced": LATER})


@pytest.mark.parametrize(
    ("changed", "back"),
    [({}, True), ({"status": "bounced"}, False), ({"statusReason": "operator"}, False), ({"statusAt": LATER}, False)],
)
async def test_a_contact_comes_back_only_as_it_was_left(people: People, changed: dict[str, Any], back: bool) -> None:
    await people.invite()
    await people.db.contacts.set_status("c0000", ContactStatus.OPTED_OUT, OPTED_OUT, AT)
    await people.db.raw.contacts.update_one({"_id": "c0000"}, {"$set": {"name": "x", **changed}})
    assert await people.db.opt_outs.reinstate("c0000", AT, LATER) is back
    stored = await people.db.raw.contacts.find_one({"_id": "c0000"})
    assert stored is not None
    assert (stored["status"] == "active") is back
