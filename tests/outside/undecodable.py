"""`undecodable_stopped`: a document that cannot be read stops somebody else (SPEC section 2).

A month among whose users, contacts and our own records are documents as other programs may write them. Whoever stands
beside them must get their mail, each of them must be set aside with a reason, and every command must still answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson import Code, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.binary import Binary
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from tests.outside.figure import Case, Figure, Stage
from tests.outside.people import a_contact, a_user, ended, missing, neighbours
from tests.support.commands import starter
from tests.support.installation import Installation
from tests.support.undecodable import ANA, BEYOND, with_bytes, with_date

PERIOD = "2027-01"
USERS, CONTACTS = 8, 2
Odd = Mapping[str, Any] | RawBSONDocument
NOW = datetime(2026, 11, 5, tzinfo=UTC)
DAY = timedelta(days=1)


def _nested(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(depth):
        found = {"a": found}
    return found


VALUES: dict[str, Any] = {
    "a decimal": Decimal128(Decimal(1)),
    "a regular expression": Regex("x"),
    "the smallest key": MinKey(),
    "the largest key": MaxKey(),
    "a timestamp": Timestamp(1, 1),
    "a list": [1],
    "a document": {"x": 1},
    "a deep document": _nested(150),
    "bytes": Binary(b"\xff", 3),
    "a short UUID": Binary(b"x", 4),
    "code": Code("x", {"a": 1}),
    "a reference": DBRef("users", 1),
    "an instant": NOW,
    "not a number": float("nan"),
    "a huge number": Int64(2**62),
}
"""Values that are no text."""

TEXTS = {
    "half of a surrogate pair": ANA,
    "Latin-1": b"Zo\xe9",
    "UTF-16": "Zoé".encode("utf-16"),
    "a cut character": b"Zo\xc3",
    "an overlong slash": b"\xc0\xaf",
}


def odd_users() -> dict[str, Odd]:
    """Return users nobody can read, by what is wrong with them."""
    user = a_user("")
    found: dict[str, Odd] = {}
    for words, value in VALUES.items():
        found[f"a user whose name is {words}"] = {**user, "name": value}
    for words, text in TEXTS.items():
        named = f"a user with {words} as name"
        found[named] = with_bytes(_without(_as(user, named), "name"), "name", text)
    zone = "a user whose zone is no text"
    found[zone] = with_bytes(_as(user, zone), "timezone", ANA)
    found["a user with a list of settings"] = {**user, "reminderSettings": [1]}
    return {words: one if isinstance(one, RawBSONDocument) else _as(one, words) for words, one in found.items()}


def odd_contacts(user: str) -> dict[str, Odd]:
    """Return contacts of a user nobody can read, by what is wrong with them."""
    contact = a_contact(user, "", "odd@odd.example")
    found: dict[str, Odd] = {}
    for words, value in VALUES.items():
        found[f"a contact whose address is {words}"] = {**contact, "email": value}
    for words, text in TEXTS.items():
        named = f"a contact with {words} as name"
        found[named] = with_bytes(_without(_as(contact, named), "name"), "name", text)
    for named, instant in (("a contact of the year 275760", BEYOND), ("a contact before all years", -(2**63))):
        found[named] = with_date(_as(contact, named), "statusAt", instant)
    found["a contact without a status"] = {**contact, "status": None}
    found["a contact of an unknown status"] = {**contact, "status": "unknown"}
    return {words: one if isinstance(one, RawBSONDocument) else _as(one, words) for words, one in found.items()}


def _as(document: Mapping[str, Any], words: str) -> dict[str, Any]:
    return {**document, "_id": f"odd {words}"}


def _without(document: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != field}


OURS: dict[str, dict[str, Any]] = {
    "plans": {"_id": f"{PERIOD}.nobody", "period": PERIOD, "userId": "nobody"},
    "invitations": {"_id": f"{PERIOD}.nobody.c", "period": PERIOD, "userId": "nobody", "contactId": "c"},
    "jobRuns": {"_id": "odd", "job": "health", "nominal": NOW},
    "alerts": {"_id": "odd", "open": True, "key": "health/mongodb", "rule": "mongodb-unhealthy"},
    "silences": {"_id": "odd", "startsAt": NOW - DAY, "endsAt": datetime(2030, 1, 1, tzinfo=UTC)},
    "cycleControls": {"_id": "2026-10"},
    "healthChecks": {"_id": "mongodb"},
    "channelStates": {"_id": "slack"},
    "workers": {"_id": "odd", "at": NOW},
}
"""Records of our own, each of which gets a status that is no text."""

COMMANDS = (
    ("cycle", "status", PERIOD),
    ("cycle", "report", PERIOD),
    ("cycle", "uncertain", PERIOD),
    ("alerts", "list"),
    ("alerts", "channels"),
    ("report", "jobs"),
    ("report", "noise"),
    ("doctor",),
    ("watchdog",),
)
MAY_END_WITH = {0, 1}
"""1 says that something is wrong, which is so."""


async def cases(stage: Stage) -> list[Case]:
    """Live through a month among all of them."""
    async with stage.installation() as own:
        users, contacts = neighbours(USERS, CONTACTS)
        host = a_user("host")
        await own.load([host, *users], contacts)
        raw = own.database.raw
        odd = {"users": odd_users(), "contacts": odd_contacts("host")}
        for collection, documents in odd.items():
            for document in documents.values():
                await raw[collection].insert_one(document)  # type: ignore[arg-type]
        await raw.users.insert_one(a_user("z-null", **dict.fromkeys(("name", "locale", "sendDay", "timezone"))))
        await raw.contacts.insert_one(a_contact("z-null", "null", "null@people.example", name=None, locale=None))
        await raw.users.insert_one({**a_user("x"), "_id": ObjectId()})
        await raw.users.insert_one({**a_user("x"), "_id": {"a": 1}})
        await raw.users.insert_one(with_bytes(_without(a_user("x"), "_id"), "_id", b"u\xff1"))
        for collection, document in OURS.items():
            await raw[collection].insert_one(with_bytes(document, "status", ANA))
        await own.start_worker()
        wrong = await ended(own, await own.start_cycle(PERIOD), PERIOD)
        everybody = [*contacts, a_contact("z-null", "null", "null@people.example")]
        left_out = set(await missing(stage.mailbox, everybody))
        found = [Case("the cycle", wrong), *await _set_aside(own, odd)]
        found += [Case(f"beside: {one['_id']}", "no mail" if one["_id"] in left_out else "") for one in everybody]
        return [*found, *[await _answers(own, words) for words in COMMANDS]]


async def _set_aside(own: Installation, odd: Mapping[str, Mapping[str, Odd]]) -> list[Case]:
    raw = own.database.raw.quarantine.with_options(codec_options=CodecOptions(document_class=RawBSONDocument))
    known = [one.raw async for one in raw.find({})]
    return [
        # Its record may keep the id as it is.
        Case(words, "" if any(f"odd {words}".encode() in record for record in known) else "it is not set aside")
        for documents in odd.values()
        for words in documents
    ]


async def _answers(own: Installation, words: tuple[str, ...]) -> Case:
    try:
        code, _, said = await starter(own, *words)
    except (AssertionError, ValueError) as error:
        return Case(" ".join(words), f"no answer: {str(error)[-120:]}")
    fine = code in MAY_END_WITH and "Traceback" not in said
    return Case(" ".join(words), "" if fine else f"exit code {code}: {said.strip()[-120:]}")


FIGURE = Figure("undecodable_stopped", "A", "people and commands that a document nobody can read stops", cases)
