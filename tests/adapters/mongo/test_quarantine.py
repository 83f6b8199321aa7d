"""The notes on documents that cannot be read: what they say, how they are found again, and when they leave."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import pytest
from bson import Decimal128, ObjectId
from bson.binary import Binary
from bson.raw_bson import RawBSONDocument

from relance.adapters.mongo.archive import MongoArchive
from relance.adapters.mongo.connection import Database, repositories
from relance.adapters.mongo.documents import Raw
from relance.domain.channels.messages import OutgoingMessage
from relance.domain.failures import Severity
from relance.domain.quarantine import ENDED_UNREADABLE, SetAside
from relance.ids import plan_id
from relance.ports import Claimed, Refused
from tests.adapters.mongo.test_plans import _plan
from tests.adapters.mongo.test_undecodable import OURS
from tests.support.keys import PRIVACY
from tests.support.mongo_people import AT, People
from tests.support.undecodable import ANA, element, text, with_bytes, with_date

NUMBER, DOCUMENT, BYTES, OLD_BYTES, UUID = 16, 3, 0, 2, 4
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def document(*elements: bytes) -> bytes:
    body = b"".join(elements) + b"\0"
    return struct.pack("<i", len(body) + 4) + body


def binary(subtype: int, data: bytes) -> bytes:
    return struct.pack("<iB", len(data), subtype) + data


def deep(levels: int) -> bytes:
    found = document()
    for _ in range(levels):
        found = document(b"\x03a\0" + found)
    return found


def code_with_scope(code: bytes) -> bytes:
    body = text(code) + document()
    return struct.pack("<i", len(body) + 4) + body


VALUES: dict[str, tuple[int, bytes]] = {
    "a UUID of one byte": (5, binary(UUID, b"x")),
    "a UUID": (5, binary(UUID, b"x" * 16)),
    "old binary whose lengths do not match": (5, binary(OLD_BYTES, struct.pack("<i", 9) + b"x")),
    "old binary without its length": (5, binary(OLD_BYTES, b"x")),
    "bytes that spell a word": (5, binary(BYTES, b"abcd")),
    "a reference": (DOCUMENT, document(b"\x02$ref\0" + text(b"users"), b"\x10$id\0\1\0\0\0")),
    "a reference that is no text": (DOCUMENT, document(b"\x02$ref\0" + text(b"us\xff"), b"\x02$id\0" + text(b"\xff"))),
    "an old pointer": (12, text(b"us\xff") + b"x" * 12),
    "a symbol that is no text": (14, text(b"s\xff")),
    "code that is no text": (13, text(b"r\xff")),
    "code with a scope": (15, code_with_scope(b"\xff")),
    "a regular expression": (11, b"a(\xff\0i\0"),
    "the smallest key": (255, b""),
    "the largest key": (127, b""),
    "a timestamp": (17, b"\xff" * 8),
    "a decimal": (19, b"\x00" * 15 + b"\x7c"),
    "a number": (1, struct.pack("<d", float("nan"))),
    "nested deeply": (DOCUMENT, deep(170)),
    "an empty name": (DOCUMENT, document(b"\x10\0\1\0\0\0")),
    "an instant before the calendar": (9, struct.pack("<q", -(2**63))),
    "an instant in a field of text": (9, struct.pack("<q", 0)),
    "a list": (4, document(b"\x10x\0\1\0\0\0")),
    "text that is no text": (2, text(ANA)),
}
# The server takes regular expressions and lists for no ids.
CASES = [
    (kind, field)
    for kind, (code, _) in VALUES.items()
    for field in ("name", "status", *([] if code in {4, 11} else ["_id"]))
]


async def users(db: Database) -> list[str]:
    return [user.id async for page in db.users.pages(size=2) for user in page.items]


async def notes(db: Database) -> list[SetAside]:
    return await db.quarantine.page(None, "", 100)


@pytest.mark.parametrize(("kind", "field"), CASES)
@pytest.mark.scans("a test's id may be one that cannot be explained")
async def test_one_value_of_any_type_costs_one_document_and_stays_noted_until_it_goes(
    db: Database, kind: str, field: str
) -> None:
    odd = element({} if field == "_id" else {"_id": "odd"}, field, *VALUES[kind])
    await db.raw.users.insert_many([{"_id": "a"}, odd, {"_id": "z"}])
    assert await users(db) == ["a", "z"]
    [one] = await notes(db)
    assert await users(db) == ["a", "z"]
    assert (await db.quarantine.review()).broken != ()
    [again] = await notes(db)
    assert (again.key, again.seen) == (one.key, 2)
    assert await db.quarantine.named("users", one.name) == again
    assert one.named_by_token is (field == "_id")


async def test_a_note_says_whose_it_is_since_when_and_how_often(db: Database) -> None:
    contact, user = ObjectId(), ObjectId()
    await db.raw.contacts.insert_one(with_date({"_id": contact, "userId": user, "status": "active"}, "statusAt"))
    for _ in range(3):
        await db.contacts.of_users([str(user)])
    [one] = await notes(db)
    assert (one.collection, one.name, one.user, one.seen) == ("contacts", str(contact), str(user), 3)
    assert one.at <= one.seen_at
    assert await db.quarantine.named("contacts", str(contact)) == one
    assert await db.quarantine.named("users", str(contact)) is None


async def test_names_of_fields_that_are_not_ours_and_values_are_not_told(db: Database) -> None:
    settings = {"ana@people.example": "x", "first": "ana@people.example"}
    await db.raw.users.insert_many(
        [{"_id": "a", "reminderSettings": settings}, with_bytes({"_id": "b"}, "reminderSettings", ANA, None)]
    )
    odd = (
        bson.encode({"_id": "c"})[4:-1] + b"\x03reminderSettings\0" + document(b"\x02ana@people.example\0" + text(ANA))
    )
    await db.raw.users.insert_one(RawBSONDocument(struct.pack("<i", len(odd) + 5) + odd + b"\0"))
    assert await users(db) == []
    raws = await db.raw.quarantine.find({}).to_list(None)
    assert [raw["reason"] for raw in raws] == [
        "reminderSettings.first: bool_parsing",
        "reminderSettings: not_utf8",
        "reminderSettings.?: not_utf8",
    ]
    assert "people.example" not in str(raws)


async def test_what_is_mended_or_gone_leaves_and_what_is_not_stays_with_its_newest_reason(db: Database) -> None:
    await db.raw.users.insert_many([{"_id": name, "name": 5} for name in ("a", "b", "c")])
    assert await users(db) == []
    await db.raw.users.update_one({"_id": "a"}, {"$set": {"name": "Ana"}})
    await db.raw.users.delete_one({"_id": "b"})
    await db.raw.users.update_one({"_id": "c"}, {"$set": {"name": "Ana", "email": 7}})
    reviewed = await db.quarantine.review()
    assert [one.name for one in reviewed.healed] == ["a", "b"]
    assert [one.name for one in reviewed.broken] == ["c"]
    [left] = await notes(db)
    assert [(fault.field, fault.code) for fault in left.faults] == [("email", "string_type")]
    assert await db.quarantine.review([left, *reviewed.healed]) == replace(reviewed, healed=(), broken=(left,))


async def test_a_note_of_an_earlier_version_is_completed_and_one_about_nothing_goes(db: Database) -> None:
    user = ObjectId()
    await db.raw.users.insert_many([{"_id": user, "name": 5}, {"_id": "ok"}])
    old = {"reason": "name: string_type", "at": LONG_AGO}
    ids = [f"users.{user}", "users.ok", "users.gone", "elsewhere.x", "nothing"]
    await db.raw.quarantine.insert_many([{"_id": one, **old} for one in ids])
    await db.raw.quarantine.insert_one({"_id": 7})
    await db.raw.quarantine.insert_one({"_id": "users.", "at": "yesterday"})
    reviewed = await db.quarantine.review()
    assert [one.name for one in reviewed.broken] == [str(user)]
    [raw] = await db.raw.quarantine.find({"_id": {"$type": "string"}}).to_list(None)
    assert (raw["_id"], raw["ref"], raw["at"]) == (f"users.{user}", user, LONG_AGO)
    assert raw["token"]
    assert raw["seenAt"] > LONG_AGO


async def test_they_are_counted_by_collection_and_by_period(db: Database) -> None:
    assert (await db.quarantine.counts(), await db.quarantine.of_period("2026-12")) == ({}, {})
    await db.raw.users.insert_one({"_id": "a", "name": 5})
    await users(db)
    await db.raw.contacts.insert_many([{"_id": one, "userId": "u", "status": 5} for one in ("x", "y")])
    await db.contacts.of_users(["u"])
    await db.raw.plans.insert_many([{"_id": plan_id(one, "u"), "period": one} for one in ("2026-11", "2026-12")])
    await db.plans.of_user("u")
    counts = await db.quarantine.counts()
    assert {name: one.count for name, one in counts.items()} == {"users": 1, "contacts": 2, "plans": 2}
    assert all(datetime.now(UTC) - one.newest < timedelta(minutes=5) for one in counts.values())
    assert await db.quarantine.of_period("2026-12") == {"users": 1, "contacts": 2, "plans": 1}


async def test_pages_follow_each_other_within_a_collection_and_over_all(db: Database) -> None:
    await db.raw.users.insert_many([{"_id": f"u{number}", "name": 5} for number in range(5)])
    await users(db)
    await db.raw.contacts.insert_one({"_id": "x", "userId": "u0", "status": 5})
    await db.contacts.of_users(["u0"])
    for collection, expected in ((None, 6), ("users", 5), ("plans", 0)):
        found: list[SetAside] = []
        while page := await db.quarantine.page(collection, found[-1].key if found else "", 2):
            found += page
        assert len({one.key for one in found}) == len(found) == expected


async def test_whoever_counts_is_told_of_new_ones_only(db: Database) -> None:
    told: list[tuple[str, int]] = []
    own = repositories(db.client, db.raw, PRIVACY, noticed=lambda collection, count: told.append((collection, count)))
    await db.raw.users.insert_many([{"_id": "a", "name": 5}, {"_id": "b", "name": 5}])
    for _ in range(2):
        await own.users.by_ids(["a", "b"])
    assert told == [("users", 2)]


async def test_a_plan_that_was_ended_stays_noted_while_its_period_is_open(db: Database) -> None:
    now = datetime.now(UTC)
    period, over = f"{now:%Y-%m}", "2025-01"
    for one in (period, over):
        await db.plans.write([_plan("a", period=one)])
        await db.raw.plans.update_one({"_id": plan_id(one, "a")}, {"$set": {"instant": None}})
        assert await db.plans.end_unreadable(one, AT) == 1
        await db.raw.plans.update_one({"_id": plan_id(one, "a")}, {"$set": {"instant": AT}})
    reviewed = await db.quarantine.review()
    assert [(one.period, one.user) for one in reviewed.healed] == [(over, "a")]
    [left] = await notes(db)
    assert (left.period, left.faults[0].code) == (period, ENDED_UNREADABLE)
    assert await db.plans.forget_unreadable(period, "a")
    assert not await db.plans.forget_unreadable(period, "a")
    assert [one.name for one in (await db.quarantine.review()).healed] == [plan_id(period, "a")]


async def test_a_plan_that_is_sent_or_waits_is_not_forgotten(db: Database) -> None:
    await db.plans.write([_plan("a")])
    assert not await db.plans.forget_unreadable("2026-11", "a")
    assert await db.raw.plans.count_documents({}) == 1


@pytest.mark.parametrize("statistics", [None, 5, {"period": "2026-11"}, {"period": "2026-11", "sent": "many"}])
async def test_a_cycles_report_that_is_none_is_noted_and_hides_no_other(db: Database, statistics: Any) -> None:
    await db.raw.jobRuns.insert_one({"job": "monthly-cycle-report", "nominal": "2026-11", "statistics": statistics})
    assert await db.job_runs.statistics("2026-11") is None
    assert await db.job_runs.cycles("2026-12", 12) == []
    [one] = await notes(db)
    assert one.collection == "jobRuns"
    assert (await db.quarantine.review()).broken


async def test_contacts_are_read_past_one_the_driver_cannot_decode(db: Database) -> None:
    odd = element({"_id": "odd", "userId": "u", "status": "active"}, "name", *VALUES["old binary without its length"])
    sound = [{"_id": one, "userId": "u", "status": "active"} for one in ("a", "z")]
    await db.raw.contacts.insert_many([*sound, odd])
    assert [one.id for one in (await db.contacts.of_users(["u"]))["u"]] == ["a", "z"]
    assert list(await db.contacts.by_ids(["odd", "z"])) == ["z"]


async def test_an_instant_that_leaves_the_calendar_in_utc_is_refused_like_any_other(db: Database) -> None:
    contact: Raw = {"_id": "odd", "userId": "u", "status": "active", "statusAt": "0001-01-01T00:00:00+14:00"}
    await db.raw.contacts.insert_one(contact)
    assert (await db.contacts.of_users(["u"]))["u"] == []
    [one] = await notes(db)
    assert one.faults[0].field == "statusAt"


async def test_bytes_and_decimals_in_our_ids_are_refused(db: Database) -> None:
    await db.raw.contacts.insert_many(
        [{"_id": one, "userId": "u", "status": "active"} for one in (b"abcd", Binary(b"abcd", 128), Decimal128("7"))]
    )
    assert (await db.contacts.of_users(["u"]))["u"] == []
    assert len(await notes(db)) == 3


async def test_a_message_with_a_number_that_is_none_does_not_keep_others_from_being_stored(db: Database) -> None:
    await db.raw.chatMessages.insert_many([{"_id": "x", "number": "last"}, {"_id": "y", "number": float("inf")}])
    for key in ("a", "b"):
        message = OutgoingMessage(key=key, severity=Severity.LOW, title="t", text="t", at=AT, language="en")
        assert await db.chat_messages.add(message)
    assert [one.key for one in (await db.chat_messages.page()).items] == ["a", "b"]


@pytest.mark.parametrize("collection", ["alerts", "silences", "healthChecks", "jobRuns", "invitations"])
async def test_what_the_driver_cannot_decode_hides_none_of_our_own(db: Database, collection: str) -> None:
    fields, question = OURS.get(collection, ({}, lambda data: data.health_checks.all()))
    document = {"_id": "odd", **fields, **({"job": "health"} if collection == "jobRuns" else {})}
    await db.raw[collection].insert_one(element(document, "status", *VALUES["old binary without its length"]))
    if collection == "invitations":
        assert await db.ledger.of_users("2026-11", ["u1"]) == {"u1": []}
    else:
        assert not await question(db)
    [one] = await notes(db)
    assert (one.collection, one.faults[0].code) == (collection, "not_bson")


async def test_overdue_entries_without_a_user_are_of_the_user_in_their_id(db: Database) -> None:
    archive = MongoArchive(db.raw, db.suppressions)
    expired = {"period": "2026-09", "status": "sent", "dueAt": {"expiry": LONG_AGO}}
    await db.raw.invitations.insert_one({"_id": "2026-09.u1.c1", **expired, "reminders": "none", "userId": 5})
    assert [one.user_id for one in await archive.overdue("2026-09", "", 10, AT)] == ["u1"]
    await db.raw.plans.insert_one({"_id": "odd", "period": 202611})
    assert await archive.periods() == ["2026-09"]


async def test_mails_are_claimed_past_a_contact_that_cannot_be_decoded_any_more(db: Database) -> None:
    people = People(db)
    requests = await people.invite(5)
    odd = element(
        {"_id": "c0003", "userId": "u1", "status": "active"}, "name", *VALUES["old binary without its length"]
    )
    await db.raw.contacts.delete_one({"_id": "c0003"})
    await db.raw.contacts.insert_one(odd)
    answers = await asyncio.gather(*(db.ledger.exchange(None, request) for request in requests))
    assert [type(one) for one in answers] == [Claimed, Claimed, Claimed, Refused, Claimed]
