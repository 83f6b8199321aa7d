"""A person is forgotten in every store, and nobody else is (SPEC section 13)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from relance.adapters.mongo.connection import Database
from relance.domain.invitations.invitation import InvitationStatus
from relance.domain.privacy.person import STALE
from relance.ports import Claimed, ClaimRequest
from relance.services.cycle_statistics import balance_period
from relance.services.privacy import Forgetting, ForgettingRepair
from tests.privacy.conftest import AT, OLD, PERIOD, Everything, Now, plan


def named_in(whole: dict[str, Any], *ids: str) -> dict[str, list[str]]:
    """Return the documents that bear one of these ids or a part of an address, by collection."""
    pattern = re.compile(rf"(?<![A-Za-z0-9])({'|'.join(ids)})(?![A-Za-z0-9])", re.IGNORECASE)
    found = {name: [str(raw["_id"]) for raw in raws if pattern.search(str(raw))] for name, raws in whole.items()}
    return {name: those for name, those in found.items() if those}


async def finished(forgetting: Forgetting, record: str) -> None:
    assert not (await forgetting.forget(record)).under_way
    await forgetting.look_again(record)


async def test_a_contact_that_is_deleted_leaves_no_id_and_no_address(everything: Everything) -> None:
    await everything.db.raw.contacts.delete_one({"_id": "c1"})
    # This one says nothing about people, whatever its figures look like.
    of_an_alert = {"_id": "alert", "number": 1, "at": AT, "plain": "c1 clicks", "rows": []}
    await everything.db.raw.chatMessages.insert_one(of_an_alert)
    record = await everything.forget(contact="c1")
    before = await everything.whole()
    assert len(named_in(before, "c1", "Renée")) >= 8
    await finished(everything.forgetting, record)
    after = await everything.whole()
    assert named_in(after, "c1") == {"chatMessages": ["alert"]}
    # The other contact of the user, and the other user whose contact has the same mailbox, are all there.
    assert named_in(after, "c2") == named_in(before, "c2")
    assert named_in(after, "d1").keys() == named_in(before, "d1").keys() - {"intakeKept"}


async def test_a_contact_the_application_still_has_is_blocked_and_its_current_entry_stays_bare(
    everything: Everything,
) -> None:
    record = await everything.forget(contact="c1")
    await finished(everything.forgetting, record)
    after = await everything.whole()
    assert named_in(after, "c1") == {
        "compensations": [f"rolled_back/invitations/{PERIOD}.u1.c1"],
        "invitations": [f"{PERIOD}.u1.c1"],
    }
    entry = await everything.db.raw.invitations.find_one({"_id": f"{PERIOD}.u1.c1"})
    assert entry is not None
    assert (entry["status"], entry["reason"]) == ("cancelled", "forgotten")
    assert not {"mailboxes", "messageId", "claim"} & entry.keys()
    contact = await everything.db.raw.contacts.find_one({"_id": "c1"})
    assert contact is not None
    assert (contact["status"], contact["statusReason"]) == ("blocked", "forgotten")
    assert await everything.db.raw.invitations.count_documents({"_id": f"{OLD}.u1.c1"}) == 0


async def test_a_user_is_forgotten_with_all_that_was_sent_in_his_name(everything: Everything) -> None:
    await everything.db.raw.users.delete_one({"_id": "u1"})
    await finished(everything.forgetting, await everything.forget(user="u1"))
    after = await everything.whole()
    assert named_in(after, "u1", "c1", "c2") == {}
    assert named_in(after, "u2")
    assert sorted(everything.follow.forgotten)[:2] == [f"{OLD}.u1.c1", f"{OLD}.u1.c2"]


@pytest.mark.parametrize("address", ["renée@people.example", "RENÉE@People.Example", "rene\u0301e@people.example"])
async def test_an_address_is_the_same_person_however_it_is_written(everything: Everything, address: str) -> None:
    found = await everything.db.person_data.of_address(address)
    assert found.person.contacts == {"c1", "d1"}
    assert found.person.users == set()


@pytest.mark.parametrize("address", ["ursule@büro.example", "ursule@xn--bro-hoa.example", "URSULE@BÜRO.EXAMPLE"])
async def test_a_domain_is_the_same_in_both_its_forms(everything: Everything, address: str) -> None:
    assert (await everything.db.person_data.of_address(address)).person.users == {"u1"}


async def test_by_address_everybody_with_the_mailbox_is_forgotten_also_after_the_record_was_deleted(
    everything: Everything,
) -> None:
    await everything.db.raw.contacts.delete_many({})
    record = await everything.forget(address="renée@people.example")
    await finished(everything.forgetting, record)
    after = await everything.whole()
    assert named_in(after, "c1", "d1", "Renée") == {}
    assert named_in(after, "c2")


async def test_what_was_counted_is_counted_as_before(everything: Everything) -> None:
    db = everything.db
    before = await balance_period(db.ledger, db.plans, PERIOD)
    await db.raw.users.delete_one({"_id": "u1"})
    await finished(everything.forgetting, await everything.forget(user="u1"))
    after = await balance_period(db.ledger, db.plans, PERIOD)
    assert (after.eligible, after.sent, after.balance) == (before.eligible, before.sent, 0)


async def test_the_opt_out_holds_when_the_application_writes_the_same_person_again(everything: Everything) -> None:
    db = everything.db
    await db.raw.contacts.delete_many({"_id": {"$in": ["c1", "d1"]}})
    await finished(everything.forgetting, await everything.forget(address="renée@people.example"))
    again = {"_id": "e9", "userId": "u2", "email": "Renée@people.example", "status": "active"}
    await db.raw.contacts.insert_one(again)
    assert await claim(db, "u2", "e9") == "suppressed"


async def test_one_users_contact_is_written_to_by_others(everything: Everything) -> None:
    db = everything.db
    await finished(everything.forgetting, await everything.forget(contact="d1"))
    for contact, user in (("e8", "u2"), ("e9", "u3")):
        await db.raw.users.update_one({"_id": "u3"}, {"$set": {"status": "active"}}, upsert=True)
        await db.raw.contacts.insert_one(
            {"_id": contact, "userId": user, "email": "renée@people.example", "status": "active"}
        )
    assert await claim(db, "u2", "e8") == "suppressed"
    assert isinstance(await claim(db, "u3", "e9"), Claimed)


async def test_a_mail_that_is_being_sent_is_waited_for(everything: Everything) -> None:
    db, entry = everything.db, f"{PERIOD}.u1.c1"
    sending = {"status": "sending", "claim": {"kind": "invitation", "token": "t", "at": AT - timedelta(minutes=1)}}
    await db.raw.invitations.update_one({"_id": entry}, {"$set": sending})
    record = await everything.forget(contact="c1")
    assert (await everything.forgetting.forget(record)).under_way == 1
    assert await db.raw.invitations.count_documents({"_id": entry, "status": "sending"}) == 1
    # Its process died: nobody will say any more what became of it.
    everything.clock.at += STALE
    await finished(everything.forgetting, record)
    found = await db.raw.invitations.find_one({"_id": entry})
    assert found is not None
    assert found["status"] == InvitationStatus.CANCELLED.value


async def test_a_batch_that_may_have_read_the_contact_is_waited_for(everything: Everything) -> None:
    fresh = {"status": "sending", "updatedAt": AT - timedelta(seconds=5)}
    await everything.db.raw.plans.update_one({"_id": f"{PERIOD}.u1"}, {"$set": fresh})
    record = await everything.forget(contact="c1")
    assert (await everything.forgetting.forget(record)).under_way == 1
    await everything.db.raw.plans.update_one({"_id": f"{PERIOD}.u1"}, {"$set": {"status": "done"}})
    assert (await everything.forgetting.forget(record)).under_way == 0


async def test_a_plan_that_waits_is_ended_so_that_nobody_asks_for_its_contacts(everything: Everything) -> None:
    db = everything.db
    waiting = {**plan("2026-12", "u1"), "status": "planned"}
    waiting.pop("contacts")
    await db.raw.plans.insert_one(waiting)
    await db.raw.users.delete_one({"_id": "u1"})
    await finished(everything.forgetting, await everything.forget(user="u1"))
    [found] = await db.raw.plans.find({"period": "2026-12"}).to_list(None)
    assert (found["status"], found["reason"], found["contacts"], found["anonymous"]) == (
        "cancelled",
        "forgotten",
        0,
        True,
    )


async def test_the_record_says_when_by_whom_and_how_much_and_not_who(everything: Everything) -> None:
    db = everything.db
    record = await everything.forget(address="renée@people.example")
    await everything.forgetting.forget(record)
    assert (await db.raw.erasures.find_one({"_id": record}))["work"]["contacts"] == ["c1", "d1"]  # type: ignore[index]
    await everything.forgetting.look_again(record)
    raw = await db.raw.erasures.find_one({"_id": record})
    assert raw is not None
    assert "work" not in raw
    assert raw["found"]["invitations"] == 4
    assert (raw["by"], raw["doneAt"]) == ("ops", AT)
    assert named_in({"erasures": [raw]}, "c1", "d1", "renée", "people") == {}
    # Asked again it is found by the digest.
    again = await db.person_data.of_address("RENÉE@people.example")
    assert [each.id for each in await db.erasures.about(again.subject)] == [record]


async def test_an_export_names_nobody_else(everything: Everything) -> None:
    found = await everything.db.person_data.of_contact("c1")
    documents = await everything.db.person_data.documents(found.person)
    assert {name for name, raws in documents.items() if raws} >= {
        "contacts",
        "invitations",
        "compensations",
        "opens",
        "optOuts",
        "intakeMessages",
        "intakeKept",
        "inbox",
        "chatMessages",
        "mailboxSlots",
    }
    text = str(documents)
    assert f"{PERIOD}.other-1.c1" in text
    assert not re.search(r"(?<![A-Za-z0-9])(u1|c2|d1|u2)(?![A-Za-z0-9])", text)
    assert "remi@" not in text


class Killed(BaseException):
    """The process dies: nothing of ours catches this."""


def dying(after: int) -> Callable[[], None]:
    """Have the process die at a write, counted from now; return what brings it back to life."""
    from motor.motor_asyncio import AsyncIOMotorCollection  # noqa: PLC0415

    left = after
    names = ("insert_many", "delete_many", "update_many", "update_one", "replace_one", "bulk_write", "insert_one")
    real = {name: getattr(AsyncIOMotorCollection, name) for name in names}

    def counting(name: str) -> Any:
        def call(collection: Any, *arguments: Any, **options: Any) -> Awaitable[Any]:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return real[name](collection, *arguments, **options)  # type: ignore[no-any-return]

        return call

    for name in names:
        setattr(AsyncIOMotorCollection, name, counting(name))

    def restore() -> None:
        for name, method in real.items():
            setattr(AsyncIOMotorCollection, name, method)

    return restore


async def test_a_process_that_dies_at_any_write_leaves_the_rest_to_the_next_one(everything: Everything) -> None:
    db = everything.db
    before = await balance_period(db.ledger, db.plans, PERIOD)
    deaths = 0
    while True:
        await db.raw.contacts.delete_one({"_id": "c1"})
        record = await everything.forget(contact="c1")
        restore = dying(deaths)
        try:
            await everything.forgetting.look_again(record)
            break
        except Killed:
            deaths += 1
        finally:
            restore()
        await everything.forgetting.look_again(record)
        assert named_in(await everything.whole(), "c1", "Renée") == {}
        found = await balance_period(db.ledger, db.plans, PERIOD)
        assert (found.eligible, found.sent, found.balance) == (before.eligible, before.sent, 0)
        assert (await db.raw.erasures.find_one({"_id": record}))["found"]["invitations"] == 2  # type: ignore[index]
        names = await db.raw.list_collection_names()
        await asyncio.gather(*(db.raw[name].delete_many({}) for name in names))
        await everything.write()
    assert deaths > 15


async def claim(db: Database, user_id: str, contact_id: str) -> Any:
    """Queue an invitation and claim it; return the claim or why it was refused."""
    from relance.domain.invitations.invitation import Invitation, MailKind  # noqa: PLC0415
    from relance.ids import invitation_id  # noqa: PLC0415

    user = (await db.users.by_ids([user_id]))[user_id]
    contact = (await db.contacts.by_ids([contact_id]))[contact_id]
    entry = invitation_id("2026-12", user_id, contact_id)
    await db.ledger.queue(
        [
            Invitation(
                id=entry,
                period="2026-12",
                user_id=user_id,
                contact_id=contact_id,
                status=InvitationStatus.QUEUED,
                queued_at=AT,
            )
        ]
    )
    answer = await db.ledger.exchange(None, ClaimRequest(entry, MailKind.INVITATION, "<m>", "t", AT, user, contact))
    return getattr(answer, "reason", answer)


@dataclass
class Starts:
    started: list[str] = field(default_factory=list)

    async def start(self, erasure_id: str) -> bool:
        self.started.append(erasure_id)
        return True


async def test_a_record_whose_command_died_before_it_started_the_workflow_is_taken_up(everything: Everything) -> None:
    waiting, done = await everything.forget(contact="c1"), await everything.forget(contact="d1")
    await finished(everything.forgetting, done)
    starts, later = Starts(), Now(AT + timedelta(hours=1))
    assert await ForgettingRepair(everything.db.erasures, starts, later).repair() == 1
    assert starts.started == [waiting]
