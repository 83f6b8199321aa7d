"""`quarantine` in a terminal: what `list` prints names a document for `show` and `retry`, whatever its id is."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from bson import ObjectId
from bson.binary import Binary

import starter
from relance.devstack.stack import Stack
from tests.cli.desk import stored
from tests.support.terminal import Terminal
from tests.support.undecodable import with_bytes

OBJECT_ID = ObjectId()
ADDRESS = "ana@people.example"
ODD: list[Any] = [
    {"_id": "plain", "name": 5},
    {"_id": OBJECT_ID, "name": 5},
    {"_id": 33612345678},
    {"_id": ADDRESS},
    {"_id": {"email": ADDRESS}},
    {"_id": Binary(b"abcd", 4)},
    with_bytes({"name": ADDRESS}, "_id", b"u\xff1"),
]


@pytest.fixture(scope="module")
async def odd(stack: Stack) -> Terminal:
    """A terminal that leads to a database with users of many kinds of ids, all refused, and to no Temporal."""
    environment = {
        **stack.environment(),
        "RELANCE_MONGO__DATABASE": f"odd_{uuid4().hex[:8]}",
        "TEMPORAL_ADDRESS": "127.0.0.1:1",
    }
    terminal = Terminal(environment)
    async with starter.database(stored(terminal)) as database:
        await database.raw.users.insert_many(ODD)
        assert [user async for page in database.users.pages() for user in page.items] == []
    return terminal


def test_every_page_names_documents_that_show_and_retry_find(odd: Terminal) -> None:
    found: list[dict[str, Any]] = []
    after: list[str] = []
    while True:
        page = odd.json("quarantine", "list", "--collection", "users", "--limit", "3", *after)
        found += page["documents"]
        assert page["total"] == len(ODD)
        if page["next"] is None:
            break
        after = ["--after", page["next"]]
    names = [one["id"] for one in found]
    assert len(set(names)) == len(ODD)
    assert {name for name in names if not name.startswith("~")} == {"plain", str(OBJECT_ID)}
    for name in names:
        shown = odd.json("quarantine", "show", "users", name)
        assert (shown["id"], shown["collection"], shown["seen"]) == (name, "users", 1)
        assert shown["costs"].startswith("the user is not planned")
        assert ("findOne" in shown["where"]) is name.startswith("~")
    for name in names[:2]:
        ended = odd.run("quarantine", "retry", "users", name, "--json")
        assert (ended.code, [one["id"] for one in ended.data["broken"]]) == (1, [name])


def test_why_says_that_a_document_cannot_be_read(odd: Terminal) -> None:
    for words in (["--user", "plain"], ["2026-11.plain.c1"]):
        ended = odd.run("why", *words, "--json")
        assert (ended.code, "`starter.py quarantine show users plain` says why" in ended.data["error"]) == (2, True)


def test_no_value_is_shown_to_people_either(odd: Terminal) -> None:
    told = [odd.run("quarantine", *words) for words in (["list"], ["show", "users", "plain"], ["retry", "--all"])]
    assert [ended.code for ended in told] == [0, 0, 1]
    everything = "".join(ended.out + ended.err for ended in told)
    assert "name is no text (string_type)" in everything.replace("\n", " ")
    assert not [value for value in (ADDRESS, "33612345678", "abcd") if value in everything]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["list", "--collection", "people"], "--collection: 'people' is not a collection we read; name one of "),
        (["list", "--after", "plain"], "--after: 'plain' names no document; write COLLECTION/ID"),
        (["list", "--after", "people/x"], "--after: 'people' is not a collection we read"),
        (["show", "people", "x"], "COLLECTION: 'people' is not a collection we read"),
        (["show", "users", "sound"], "ID: no document 'sound' of users is set aside"),
        (["retry", "users", "~000000000000"], "ID: no document '~000000000000' of users is set aside"),
        (["retry", "--collection", "people"], "--collection: 'people' is not a collection we read"),
    ],
)
def test_wrong_usage_names_the_field_and_the_remedy(odd: Terminal, words: list[str], said: str) -> None:
    ended = odd.run("quarantine", *words, "--json")
    assert (ended.code, said in ended.data["error"]) == (2, True), ended.data


async def test_what_was_mended_leaves_without_temporal_too_and_an_empty_quarantine_says_so(odd: Terminal) -> None:
    async with starter.database(stored(odd)) as database:
        await database.raw.users.update_one({"_id": "plain"}, {"$set": {"name": "Ana"}})
        await database.raw.users.delete_many({"_id": {"$ne": "plain"}})
    ended = odd.run("quarantine", "retry", "--all", "--json")
    assert (ended.code, len(ended.data["left"]), ended.data["broken"]) == (0, len(ODD), [])
    assert "Temporal does not answer" in ended.err
    [mended] = [one for one in ended.data["left"] if one["id"] == "plain"]
    assert mended["follows"] == ["the next planning pass of an open cycle takes the user"]
    assert odd.json("quarantine", "list")["total"] == 0
    assert odd.json("quarantine", "retry", "--all") == {"left": [], "broken": []}
