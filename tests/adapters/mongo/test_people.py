from __future__ import annotations

from typing import Any

from bson import ObjectId

from relance.adapters.mongo.connection import Database
from relance.domain.invitations.people import ContactStatus, User
from relance.ports import Page
from tests.support.mongo_people import AT

OIDS = [ObjectId(f"{i:024x}") for i in range(1, 6)]


async def _pages(db: Database, after: str | None = None, size: int = 2) -> list[Page[User]]:
    return [page async for page in db.users.pages(after=after, size=size)]


async def _ids(db: Database, after: str | None = None) -> list[str]:
    return [user.id for page in await _pages(db, after) for user in page.items]


async def test_every_user_is_paged_once_whatever_the_type_of_the_id(db: Database) -> None:
    keys: list[Any] = ["a", "b", "c", *OIDS]
    await db.raw.users.insert_many([{"_id": key} for key in reversed(keys)])
    everyone = [str(key) for key in keys]
    assert await _ids(db) == everyone
    for place, last in enumerate(everyone):
        assert await _ids(db, after=last) == everyone[place + 1 :]


async def test_hex_ids_that_are_strings_are_resumed_among_the_strings(db: Database) -> None:
    keys = [str(oid) for oid in OIDS]
    await db.raw.users.insert_many([{"_id": key} for key in keys])
    assert await _ids(db, after=keys[1]) == keys[2:]


async def test_paging_on_after_a_user_who_is_gone_loses_nobody(db: Database) -> None:
    await db.raw.users.insert_many([{"_id": oid} for oid in OIDS[1:]])
    assert await _ids(db, after=str(OIDS[0])) == [str(oid) for oid in OIDS[1:]]


async def test_invalid_users_are_set_aside_counted_and_in_nobodys_way(db: Database) -> None:
    documents: list[dict[str, Any]] = [
        {"_id": "a"},
        {"_id": "b", "email": ["secret@users.example"]},
        {"_id": "c.d"},
        {"_id": "e"},
        {"_id": 7},
    ]
    await db.raw.users.insert_many(documents)
    pages = await _pages(db)
    assert [user.id for page in pages for user in page.items] == ["a", "e"]
    assert sum(page.quarantined for page in pages) == 3
    await _pages(db)
    set_aside = await db.raw.quarantine.find({}).sort("_id", 1).to_list(None)
    assert [(one["_id"], one["reason"]) for one in set_aside] == [
        ("users.b", "email: string_type"),
        ("users.c.d", "_id: string_pattern_mismatch"),
        ("users.int:7", "_id: string_type"),
    ]
    assert await db.quarantine.count() == 3


async def test_users_are_read_with_defaults_and_without_the_applications_secrets(db: Database) -> None:
    await db.raw.users.insert_one({"_id": OIDS[0], "sendDay": "31", "passwordHash": "x"})
    user = (await db.users.by_ids([str(OIDS[0]), "none"]))[str(OIDS[0])]
    assert (user.send_day, user.status, user.reminder_settings.enabled) == ("31", "active", True)
    assert user.model_extra == {}


async def test_contacts_are_found_by_users_of_either_id_type(db: Database) -> None:
    await db.raw.contacts.insert_many(
        [
            {"_id": OIDS[0], "userId": OIDS[1], "status": "active"},
            {"_id": "c1", "userId": str(OIDS[1]), "status": "pending"},
            {"_id": "c2", "userId": "u2", "status": "never heard of"},
            {"_id": "c3", "userId": "u2", "status": "active"},
        ]
    )
    found = await db.contacts.of_users([str(OIDS[1]), "u2", "u3"])
    assert {user: [one.id for one in contacts] for user, contacts in found.items()} == {
        str(OIDS[1]): ["c1", str(OIDS[0])],
        "u2": ["c3"],
        "u3": [],
    }
    assert set(await db.contacts.by_ids([str(OIDS[0]), "c2"])) == {str(OIDS[0])}
    assert await db.quarantine.count() == 1


async def test_a_contacts_status_is_set_once_and_nothing_else_is_touched(db: Database) -> None:
    await db.raw.contacts.insert_one({"_id": OIDS[0], "userId": "u1", "status": "active", "notes": "kept"})
    assert await db.contacts.set_status(str(OIDS[0]), ContactStatus.OPTED_OUT, "link", AT) is True
    assert await db.contacts.set_status(str(OIDS[0]), ContactStatus.OPTED_OUT, "mail", AT) is False
    assert await db.contacts.set_status("none", ContactStatus.OPTED_OUT, "mail", AT) is False
    assert await db.raw.contacts.find_one({}) == {
        "_id": OIDS[0],
        "userId": "u1",
        "status": "opted_out",
        "statusReason": "link",
        "statusAt": AT,
        "notes": "kept",
    }


async def test_suppressed_addresses_are_known_however_they_are_written_and_never_stored(db: Database) -> None:
    await db.suppressions.add("Zoe@Example.ORG", "complaint", AT)
    await db.suppressions.add("Zoe@example.org", "second reason", AT)
    assert await db.suppressions.suppressed(["zoe@EXAMPLE.org", "zoe@other.example"]) == {"zoe@EXAMPLE.org"}
    assert await db.suppressions.suppressed([]) == set()
    [stored] = await db.raw.suppressions.find({}).to_list(None)
    assert stored["reason"] == "complaint"
    assert "xample" not in str(stored)
