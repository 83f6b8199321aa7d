"""Whatever the driver or a model refuses is the fault of one document; all others are read (SPEC section 2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from bson import Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.binary import Binary
from bson.raw_bson import RawBSONDocument

from relance.adapters.mongo.connection import Database
from relance.domain.invitations.people import ContactStatus
from tests.support.undecodable import ANA, with_bytes, with_date

USER = {"_id": "odd", "email": "odd@users.example"}
CONTACT = {"_id": "odd", "userId": "u1", "email": "odd@people.example", "status": "active"}


async def _users(db: Database) -> list[str]:
    return [user.id async for page in db.users.pages(size=10) for user in page.items]


async def _reasons(db: Database) -> dict[str, str]:
    return {one["_id"]: one["reason"] async for one in db.raw.quarantine.find({})}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (with_bytes(USER, "name", ANA), "name: not_utf8"),
        (with_bytes(USER, "locale", b"\xff\xfe"), "locale: not_utf8"),
        (with_bytes(USER, "sendTime", b"\xc3"), "sendTime: not_utf8"),
        (with_bytes(USER, "reminderSettings", ANA), "reminderSettings: not_utf8"),
        ({**USER, "name": Decimal128(Decimal("1"))}, "name: string_type"),
        ({**USER, "name": Regex("x")}, "name: string_type"),
        ({**USER, "email": MinKey()}, "email: string_type"),
        ({**USER, "email": Timestamp(1, 1)}, "email: string_type"),
        ({**USER, "reminderSettings": [1]}, "reminderSettings: model_type"),
        ({**USER, "reminderSettings": {"first": MaxKey()}}, "reminderSettings.first: bool_type"),
    ],
)
async def test_one_user_is_set_aside_and_the_others_are_read(
    db: Database, document: dict[str, Any] | RawBSONDocument, reason: str
) -> None:
    await db.raw.users.insert_many([{"_id": "a"}, document, {"_id": "z"}])
    assert await _users(db) == ["a", "z"]
    assert await _reasons(db) == {"users.odd": reason}
    assert list(await db.users.by_ids(["a", "odd", "z"])) == ["a", "z"]


async def test_an_id_that_is_no_text_is_set_aside_under_its_bytes(db: Database) -> None:
    await db.raw.users.insert_many([{"_id": "a"}, with_bytes({}, "_id", b"u\xff1")])
    assert await _users(db) == ["a"]
    assert await _reasons(db) == {"users.u\\udcff1": "_id: not_utf8"}


@pytest.mark.parametrize("size", [1, 2, 3])
async def test_a_scan_goes_on_past_ids_that_cannot_be_asked_about(db: Database, size: int) -> None:
    odd = [with_bytes({}, "_id", b"m\xff%d" % number) for number in range(4)]
    await db.raw.users.insert_many([{"_id": "a"}, {"_id": "n"}, *odd, {"_id": "z"}])
    pages = [page async for page in db.users.pages(size=size)]
    assert [user.id for page in pages for user in page.items] == ["a", "n", "z"]
    assert sum(page.quarantined for page in pages) == 4
    assert all(page.last_id.isascii() for page in pages)


async def test_what_stands_beside_our_fields_is_not_even_read(db: Database) -> None:
    await db.raw.users.insert_many([with_bytes(USER, "hobby", ANA), with_bytes({"_id": "p"}, "", b"x", field=b"\xff")])
    assert await _users(db) == ["odd", "p"]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (with_date(CONTACT, "statusAt"), "statusAt: datetime_type"),
        (with_date(CONTACT, "statusAt", -(2**63)), "statusAt: datetime_type"),
        (with_bytes(CONTACT, "name", ANA), "name: not_utf8"),
        ({**CONTACT, "statusAt": "yesterday"}, "statusAt: datetime_from_date_parsing"),
        ({**CONTACT, "trackingConsent": Binary(b"x", 3)}, "trackingConsent: bool_parsing"),
        ({**CONTACT, "status": None}, "status: missing"),
        ({**CONTACT, "status": "unknown"}, "status: enum"),
    ],
)
async def test_one_contact_is_set_aside_and_the_others_are_read(
    db: Database, document: dict[str, Any] | RawBSONDocument, reason: str
) -> None:
    await db.raw.contacts.insert_many([{**CONTACT, "_id": "a"}, document])
    found = await db.contacts.of_users(["u1"])
    assert [one.id for one in found["u1"]] == ["a"]
    assert await _reasons(db) == {"contacts.odd": reason}
    assert list(await db.contacts.by_ids(["a", "odd"])) == ["a"]


async def test_null_is_a_missing_field(db: Database) -> None:
    nothing = dict.fromkeys(
        ["name", "email", "locale", "status", "sendDay", "sendTime", "timezone", "reminderSettings"]
    )
    await db.raw.users.insert_many([{"_id": "u1", **nothing}, {"_id": "u2", "reminderSettings": {"first": None}}])
    people = await db.users.by_ids(["u1", "u2"])
    assert people["u1"].is_active
    assert (people["u1"].locale, people["u1"].name) == ("fr", "")
    assert people["u2"].reminder_settings.first is True
    await db.raw.contacts.insert_one(
        {**CONTACT, "name": None, "locale": None, "trackingConsent": None, "statusReason": None, "statusAt": None}
    )
    (contact,) = (await db.contacts.of_users(["u1"]))["u1"]
    assert (contact.name, contact.tracking_consent, contact.status) == ("", False, ContactStatus.ACTIVE)
    assert await _reasons(db) == {}


async def test_what_other_drivers_write_for_the_same_value_is_read(db: Database) -> None:
    user, contact = ObjectId(), ObjectId()
    await db.raw.users.insert_one({"_id": user, "sendDay": Int64(5), "reminderSettings": {"first": False}})
    await db.raw.contacts.insert_one({**CONTACT, "_id": contact, "userId": user, "statusAt": NOW})
    assert (await db.users.by_ids([str(user)]))[str(user)].send_day == 5
    (found,) = (await db.contacts.of_users([str(user)]))[str(user)]
    assert found.status_at == NOW


Question = Callable[[Database], Awaitable[Any]]
NOW = datetime(2026, 11, 5, tzinfo=UTC)
DAY = timedelta(days=1)
OURS: dict[str, tuple[dict[str, Any], Question]] = {
    "plans": ({"_id": "2026-11.u1", "period": "2026-11"}, lambda db: db.plans.of_user("u1")),
    "invitations": ({"period": "2026-11", "userId": "u1"}, lambda db: db.ledger.get("odd")),
    "jobRuns": ({"job": "health", "nominal": NOW}, lambda db: db.job_runs.runs(job="health", limit=10)),
    "alerts": ({"open": True, "key": "health/mongodb"}, lambda db: db.alerts.open()),
    "silences": ({"startsAt": NOW - DAY, "endsAt": NOW + DAY}, lambda db: db.silences.active(NOW)),
}


@pytest.mark.parametrize("collection", OURS)
async def test_our_own_collections_are_read_past_a_broken_document(db: Database, collection: str) -> None:
    fields, question = OURS[collection]
    document = {"_id": "odd", **fields}
    await db.raw[collection].insert_one(with_bytes(document, "status", ANA))
    assert not await question(db)
    assert await _reasons(db) == {f"{collection}.{document['_id']}": "status: not_utf8"}
