"""The schemas that the application's team copies, against a real MongoDB: they agree with our readers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import Code, ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo.errors import WriteError

from relance.adapters.mongo.connection import Database
from relance.adapters.mongo.documents import Reader
from relance.devstack.samples import sample_people
from relance.domain.base import Document
from relance.domain.invitations.people import Contact, ContactStatus, User
from tests.outside.undecodable import odd_contacts, odd_users

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
REFUSED = 121
MODELS: dict[str, type[Document]] = {"users": User, "contacts": Contact}
USER = {"_id": "u1", "email": "u@a.example", "name": "U", "status": "active"}
CONTACT = {"_id": "c1", "userId": "u1", "email": "c@a.example", "name": "C", "status": "active"}
GOOD: dict[str, list[dict[str, Any]]] = {
    "users": [
        {**USER, "_id": ObjectId()},
        {**USER, "_id": "u2", "name": None, "locale": None, "sendDay": None},
        {**USER, "_id": "u3", "sendDay": 31.0, "sendTime": "09:15", "timezone": "Asia/Kathmandu"},
        {**USER, "_id": "u4", "reminderSettings": {"enabled": None, "first": False, "more": 1}, "plan": {"a": [1]}},
        {"_id": "u5"},
    ],
    "contacts": [
        {**CONTACT, "_id": ObjectId(), "userId": ObjectId()},
        {**CONTACT, "_id": "c2", "email": None, "trackingConsent": None, "tags": ["family"]},
        {"_id": "c3", "userId": "u1", "status": "pending"},
    ],
}
BAD: dict[str, list[dict[str, Any]]] = {
    "users": [
        {**USER, "_id": "a.b"},
        {**USER, "_id": "a/b"},
        {**USER, "_id": ""},
        {**USER, "_id": "x" * 65},
        {**USER, "_id": 7},
        {**USER, "reminderSettings": "weekly"},
        {**USER, "reminderSettings": {"first": "perhaps"}},
        {**USER, "status": True},
    ],
    "contacts": [
        {**CONTACT, "userId": "a.b"},
        {**CONTACT, "userId": None},
        {**CONTACT, "status": None},
        {**CONTACT, "status": "maybe"},
        {**CONTACT, "statusAt": "yesterday"},
        {**CONTACT, "trackingConsent": "perhaps"},
        {"_id": "c1", "status": "active", "email": "c@a.example"},
        {"_id": "c1", "userId": "u1"},
    ],
}


def _odd() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the odd documents of tests/outside, under an id that is none of their faults.

    Text that is no UTF-8 and dates outside of the calendar are nothing a validator can see.
    """
    for name, odd in (("users", odd_users()), ("contacts", odd_contacts("u1"))):
        for one in odd.values():
            if not isinstance(one, RawBSONDocument):
                yield name, {**one, "_id": "odd"}


@pytest.fixture
async def validated(db: Database) -> Database:
    there = await db.raw.list_collection_names()
    for name in MODELS:
        if name not in there:
            await db.raw.create_collection(name)
        validator = json.loads((SCHEMAS / f"{name}.validator.json").read_text(encoding="utf-8"))
        await db.raw.command("collMod", name, validator=validator, validationLevel="moderate")
    return db


async def is_taken(db: Database, name: str, document: Mapping[str, Any]) -> bool:
    collection = db.raw[name]
    try:
        await collection.insert_one(dict(document))
    except WriteError as error:
        if error.code != REFUSED:
            raise
        return False
    await collection.delete_one({"_id": document["_id"]})
    return True


def is_read(db: Database, name: str, document: Mapping[str, Any]) -> bool:
    return Reader(MODELS[name], name, db.quarantine).reason(dict(document)) is None


async def test_sample_people_pass_unless_we_would_set_them_aside(validated: Database) -> None:
    users, contacts = sample_people(120, 12)
    refused = 0
    for name, documents in (("users", users), ("contacts", contacts)):
        for one in documents:
            taken = await is_taken(validated, name, one)
            assert taken is is_read(validated, name, one), one
            refused += not taken
    assert refused == 2, "the two invalid documents among the samples"


@pytest.mark.parametrize("name", MODELS)
async def test_documents_as_they_may_be_pass(validated: Database, name: str) -> None:
    for one in GOOD[name]:
        assert is_read(validated, name, one), one
        assert await is_taken(validated, name, one), one


@pytest.mark.parametrize("name", MODELS)
async def test_what_we_set_aside_is_refused(validated: Database, name: str) -> None:
    odd = [one for of, one in _odd() if of == name]
    assert len(odd) > 10
    for one in [*BAD[name], *odd]:
        # Code is text to Python, which makes do with it.
        if not any(isinstance(value, Code) for value in one.values()):
            assert not is_read(validated, name, one), one
        assert not await is_taken(validated, name, one), one


async def test_the_status_we_write_passes_the_validator(validated: Database) -> None:
    await validated.raw.contacts.insert_one(dict(CONTACT))
    for status in ContactStatus:
        await validated.contacts.set_status("c1", status, "because", datetime(2026, 11, 5, tzinfo=UTC))
    found = await validated.raw.contacts.find_one({"_id": "c1"})
    assert found is not None
    assert found["status"] == list(ContactStatus)[-1]
