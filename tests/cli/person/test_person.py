"""`person`: whom it refuses, what it shows, and that it forgets."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from relance.adapters.clock import SystemClock
from relance.adapters.mongo.connection import Database, connect
from relance.services.privacy import new_erasure
from relance.settings import Mongo, Settings
from tests.support.keys import privacy_of
from tests.support.terminal import Terminal
from tests.support.worker_process import WorkerProcess

WHY = ("--reason", "ticket 4711", "--by", "ops", "--yes")


@pytest.fixture
async def people(terminal: Terminal) -> AsyncIterator[Database]:
    uri, name = terminal.environment["RELANCE_MONGO__URI"], terminal.environment["RELANCE_MONGO__DATABASE"]
    mongo = Settings.model_validate({"mongo": {"uri": uri, "database": name}}).mongo
    assert isinstance(mongo, Mongo)
    opened = connect(mongo, privacy_of(terminal.environment))
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "--contact: exactly one of it, --user and --address is needed; name one of them"),
        (("--contact", "c1", "--user", "u1"), "exactly one of it"),
        (("--address", "Renée <renee@people.example>"), "--address: this is no mail address"),
        (("--contact", "renee@people.example"), "--contact: this is no id"),
        (("--contact", "unheard-of"), "--contact: nothing is kept about this id"),
    ],
)
async def test_a_question_about_nobody_is_refused_in_a_sentence(
    terminal: Terminal, client: Client, arguments: tuple[str, ...], sentence: str
) -> None:
    ended = terminal.run("person", "forget", *arguments, *WHY)
    assert ended.code == 2
    assert sentence in " ".join(ended.err.split())
    assert "people.example" not in ended.err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--yes",), "--reason: it is missing"),
        (("--yes", "--reason", "asked by renee@people.example"), "--reason: it holds an address"),
        (("--reason", "ticket 1"), "--yes: this forgets the person for good"),
    ],
)
async def test_forgetting_needs_a_reason_without_names_and_an_agreement(
    terminal: Terminal, client: Client, people: Database, options: tuple[str, ...], sentence: str
) -> None:
    contact = await people.raw.contacts.find_one({}, sort=[("_id", 1)])
    assert contact is not None
    await people.raw.quarantine.update_one(
        {"_id": f"contacts.{contact['_id']}"}, {"$set": {"reason": "r"}}, upsert=True
    )
    ended = terminal.run("person", "forget", "--contact", str(contact["_id"]), *options, "--json")
    assert ended.code == 2
    assert sentence in ended.data["error"]
    assert await people.raw.erasures.count_documents({"reason": {"$ne": "ticket 4711"}}) == 0


async def test_an_active_user_is_not_forgotten_and_a_dry_run_says_why(
    terminal: Terminal, client: Client, people: Database
) -> None:
    user = await people.raw.users.find_one({"status": "active"})
    assert user is not None
    ended = terminal.run("person", "forget", "--user", str(user["_id"]), *WHY)
    assert ended.code == 2
    assert "would be planned again; deactivate or delete the account in the application" in " ".join(ended.err.split())
    rehearsed = terminal.json("person", "forget", "--user", str(user["_id"]), "--dry-run")
    assert "would be planned again" in rehearsed["message"]
    assert rehearsed["stores"]["users"] == {"count": 1, "effect": "application"}


async def test_a_record_about_another_contact_with_the_same_mailbox_answers_no_question_about_this_one(
    terminal: Terminal, client: Client, people: Database
) -> None:
    same = [
        {"_id": name, "userId": f"of-{name}", "email": "same@people.example", "status": "active"}
        for name in ("same-1", "same-2")
    ]
    await people.raw.contacts.insert_many(same)
    other = new_erasure(await people.person_data.of_contact("same-1"), by="ops", reason="r", clock=SystemClock())
    await people.erasures.begin(other)
    try:
        # The other one is not done yet: this is neither waited for nor taken for the answer.
        asked = terminal.run("person", "forget", "--contact", "same-2", *WHY, "--timeout", "1", "--json")
        assert asked.data["id"] != other.id
        assert (
            terminal.run("person", "forget", "--contact", "same-2", *WHY, "--timeout", "1", "--json").data["id"]
            == asked.data["id"]
        )
        await people.erasures.finish(other.id, SystemClock().now())
        await people.erasures.drop_work(other.id)
        by_address = terminal.json("person", "forget", "--address", "same@people.example", "--dry-run")
        assert "Forgotten before" not in by_address["message"]
    finally:
        await people.raw.contacts.delete_many({"_id": {"$in": ["same-1", "same-2"]}})
        async for run in client.list_workflows("WorkflowType = 'ForgetPerson' AND ExecutionStatus = 'Running'"):
            await client.get_workflow_handle(run.id).terminate()
        await people.raw.erasures.delete_many({})


@pytest.mark.slow
async def test_a_person_is_shown_forgotten_and_listed_without_a_name(
    terminal: Terminal, client: Client, worker: WorkerProcess, people: Database
) -> None:
    contact = await people.raw.contacts.find_one({}, sort=[("_id", -1)])
    assert contact is not None
    name, address = str(contact["_id"]), str(contact["email"])
    await people.raw.quarantine.insert_one({"_id": f"contacts.{name}", "reason": "r"})
    shown = terminal.json("person", "export", "--address", address.upper())
    assert {each["store"] for each in shown["stores"]} >= {"contacts", "quarantine"}
    assert terminal.run("person", "export", "--contact", name).code == 0
    done = terminal.json("person", "forget", "--contact", name, *WHY)
    assert (done["by"], done["stores"]["quarantine"]["count"]) == ("ops", 1)
    assert await people.raw.quarantine.count_documents({"_id": f"contacts.{name}"}) == 0
    blocked = await people.raw.contacts.find_one({"_id": contact["_id"]})
    assert blocked is not None
    assert blocked["status"] == "blocked"
    # Said again it changes nothing, and names the record there is.
    assert terminal.json("person", "forget", "--contact", name, *WHY)["id"] == done["id"]
    listed = terminal.run("person", "records")
    assert done["id"] in listed.out
    assert address not in listed.out
