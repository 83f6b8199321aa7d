from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

from pydantic import SecretStr

from relance.adapters.mongo.connection import Database, connect
from relance.adapters.mongo.documents import to_raw
from relance.adapters.mongo.people import MongoContacts
from relance.domain.cycle.planning import Plan, PlanStatus
from relance.domain.invitations.invitation import Invitation, InvitationStatus
from relance.domain.invitations.people import Contact, ContactStatus
from relance.ids import invitation_id, plan_id
from relance.ports import Contacts
from relance.sending.step_reads import USERS_AT_ONCE, StepReads
from relance.settings import Mongo
from tests.adapters.mongo.commands import Commands
from tests.support.keys import PRIVACY

AT = datetime(2026, 11, 5, 17, 0, tzinfo=UTC)
THIS, LAST = "2026-11", "2026-10"


async def store(db: Database, period: str, user: str, contacts: str) -> None:
    await db.raw.users.update_one({"_id": user}, {"$set": {"name": user.upper(), "status": "active"}}, upsert=True)
    plan = Plan(
        id=plan_id(period, user),
        period=period,
        user_id=user,
        instant=AT,
        local="2026-11-05T18:00:00",
        zone="Europe/Paris",
        status=PlanStatus.DONE,
        updated_at=AT,
    )
    await db.raw.plans.insert_one(to_raw(plan))
    for contact in contacts:
        key = f"{user}{contact}"
        document = {"userId": user, "email": f"{key}@people.example", "status": "active"}
        await db.raw.contacts.update_one({"_id": key}, {"$set": document}, upsert=True)
    await db.ledger.queue(
        [
            Invitation(
                id=invitation_id(period, user, f"{user}{contact}"),
                period=period,
                user_id=user,
                contact_id=f"{user}{contact}",
                status=InvitationStatus.SENT,
                queued_at=AT,
            )
            for contact in contacts
        ]
    )


async def test_everybody_who_asks_at_once_gets_his_own_of_his_own_period(db: Database) -> None:
    await store(db, THIS, "u1", "ab")
    await store(db, THIS, "u2", "c")
    await store(db, LAST, "u1", "a")
    await db.raw.contacts.delete_one({"_id": "u1b"})
    reads = StepReads(db.users, db.contacts, db.plans, db.ledger)
    this, last, other, unknown = await asyncio.gather(
        reads.of_user(THIS, "u1", ["u1a", "u1b"]),
        reads.of_user(LAST, "u1", ["u1a"]),
        reads.of_user(THIS, "u2", ["u2c"]),
        reads.of_user(THIS, "u3", ["u3a"]),
    )
    assert this.user is not None
    assert this.user.name == "U1"
    assert [facts.plan and facts.plan.id for facts in (this, last, other)] == [
        plan_id(THIS, "u1"),
        plan_id(LAST, "u1"),
        plan_id(THIS, "u2"),
    ]
    assert (set(this.contacts), set(this.entries)) == ({"u1a"}, {"u1a", "u1b"})
    assert {entry.period for entry in last.entries.values()} == {LAST}
    assert set(other.entries) == {"u2c"}
    assert (unknown.user, unknown.plan, unknown.contacts, unknown.entries) == (None, None, {}, {})


class HeldContacts:
    """Contacts whose first answer is on its way for as long as the test wants."""

    def __init__(self, contacts: MongoContacts) -> None:
        self._contacts = contacts
        self.is_read, self.arrives = asyncio.Event(), asyncio.Event()

    async def by_ids(self, ids: Sequence[str]) -> dict[str, Contact]:
        found = await self._contacts.by_ids(ids)
        if not self.is_read.is_set():
            self.is_read.set()
            await self.arrives.wait()
        return found


async def test_who_asks_after_an_opt_out_is_not_answered_by_a_read_from_before_it(db: Database) -> None:
    await store(db, THIS, "u1", "a")
    held = HeldContacts(db.contacts)
    reads = StepReads(db.users, cast("Contacts", held), db.plans, db.ledger)
    before = asyncio.create_task(reads.of_user(THIS, "u1", ["u1a"]))
    await held.is_read.wait()
    await db.contacts.set_status("u1a", ContactStatus.OPTED_OUT, "opted_out", AT)
    after = asyncio.create_task(reads.of_user(THIS, "u1", ["u1a"]))
    held.arrives.set()
    assert (await before).contacts["u1a"].status is ContactStatus.ACTIVE
    assert (await after).contacts["u1a"].status is ContactStatus.OPTED_OUT


async def test_a_step_that_is_cancelled_or_cannot_be_read_keeps_nothing_from_the_others(db: Database) -> None:
    for user in ("u1", "u2", "u3", "u4"):
        await store(db, THIS, user, "a")
    held = HeldContacts(db.contacts)
    reads = StepReads(db.users, cast("Contacts", held), db.plans, db.ledger)
    gone, other = (asyncio.create_task(reads.of_user(THIS, user, [f"{user}a"])) for user in ("u1", "u2"))
    await held.is_read.wait()
    spoilt = {"userId": "u3", "email": ["no", "address"], "status": b"\xff"}
    await db.raw.contacts.update_one({"_id": "u3a"}, {"$set": spoilt})
    await db.raw.invitations.update_one({"userId": "u3"}, {"$set": {"sentAt": "when?"}})
    unreadable, sound = (asyncio.create_task(reads.of_user(THIS, user, [f"{user}a"])) for user in ("u3", "u4"))
    gone.cancel()
    held.arrives.set()
    assert set((await other).contacts) == {"u2a"}
    assert ((await unreadable).contacts, (await unreadable).entries) == ({}, {})
    assert (set((await sound).contacts), set((await sound).entries)) == ({"u4a"}, {"u4a"})


async def test_many_users_share_their_reads(db: Database, mongo_uri: str) -> None:
    users = [f"u{number:02}" for number in range(USERS_AT_ONCE)]
    for user in users:
        await store(db, THIS, user, "a")
    with Commands.watching(db.raw.name) as commands:
        watched = connect(Mongo(uri=SecretStr(mongo_uri), database=db.raw.name), PRIVACY)
        reads = StepReads(watched.users, watched.contacts, watched.plans, watched.ledger)
        found = await asyncio.gather(*(reads.of_user(THIS, user, [f"{user}a"]) for user in users))
        await watched.close()
    assert all(facts.user and facts.plan and facts.contacts and facts.entries for facts in found)
    assert len(commands.named("find")) == 4
