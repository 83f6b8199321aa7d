"""The canary in short, on the servers of the session: `python -m tests.canary` does all of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from pydantic import BaseModel

from relance import ids
from relance.devstack.mailbox.client import Mailbox
from relance.domain.invitations.events import EventKind
from relance.settings import Settings
from tests.canary.planting import (
    CLICKS,
    FORGOTTEN,
    NEXT_PERIOD,
    NOT_PLANTED,
    PERIOD,
    Planted,
    plant_error,
    plant_people,
    plant_secrets,
)
from tests.canary.searching import APPLICATION, Search, look_through_database
from tests.support.installation import Installation
from tests.support.patience import PATIENCE_S
from tests.support.terminal import Terminal
from tests.support.worker_process import WorkerProcess

WHY = ("--reason", "ticket 4711", "--by", "ops", "--yes")


async def histories(installation: Installation) -> bytes:
    client = installation.client
    return b"".join(
        [
            event.SerializeToString()
            async for found in client.list_workflows()
            async for event in client.get_workflow_handle(found.id, run_id=found.run_id).fetch_history_events()
        ]
    )


async def metrics_of(worker: WorkerProcess) -> str:
    assert worker.metrics_url is not None
    async with httpx.AsyncClient(trust_env=False) as browser:
        return (await browser.get(worker.metrics_url)).text


def test_every_setting_with_a_secret_is_planted_or_has_a_reason() -> None:
    planted = {name.removeprefix("RELANCE_").lower().replace("__", ".") for name in plant_secrets(Planted())}
    known = {
        f"{group}.{name}"
        for group, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        for name, setting in field.annotation.model_fields.items()
        if "SecretStr" in str(setting.annotation)
    }
    assert known == (planted - {"mail.username"}) | NOT_PLANTED.keys()


@pytest.mark.slow(25)
async def test_nothing_planted_is_found_elsewhere_and_the_forgotten_are_found_nowhere(
    installation: Installation, mailbox: Mailbox, stack_folder: Path, tmp_path: Path
) -> None:
    planted = Planted()
    people = plant_people(planted)
    channel = planted.word("address of Teams")
    raising = {**plant_error(tmp_path), "CANARY_RAISES": "1"}
    await installation.load(*people)
    worker = await installation.start_worker(
        environment={
            **raising,
            "RELANCE_MONITORING__METRICS_PORT": "0",
            "RELANCE_MONITORING__LOG_LEVEL": "DEBUG",
            "RELANCE_CHANNELS__TEAMS_URL": f"https://teams.example/{channel}",
        }
    )
    cycle = await installation.start_cycle(PERIOD)
    async with asyncio.timeout(PATIENCE_S):
        await cycle.result()
    assert list(Path(raising["CANARY_FOLDER"]).glob("raised-*"))
    await installation.intake().take(ids.invitation_id(PERIOD, "u0", f"u0{CLICKS}"), EventKind.OPTED_OUT)

    search = Search(planted.words)
    search.look("log", worker.output)
    search.look("metrics", await metrics_of(worker))
    search.look("histories", await histories(installation))
    search.look_through("Temporal's database file", sorted(stack_folder.glob("temporal.db*")))
    await look_through_database(search, installation.database.raw, APPLICATION)
    assert {place: kinds for place, kinds in search.found.items() if kinds} == {}
    assert "RuntimeError" in worker.output
    assert Search(planted.words).look("mails", await mailbox.raw((await mailbox.log())[-1].n)) > 0

    # The application has deleted two contacts and a user; one of them comes back as another user's contact.
    raw = installation.database.raw
    gone = {f"u0{FORGOTTEN}", f"u0{CLICKS}"}
    await raw.contacts.delete_many({"$or": [{"_id": {"$in": sorted(gone)}}, {"userId": "u1"}]})
    await raw.users.delete_one({"_id": "u1"})
    address = next(each["email"] for each in people[1] if each["_id"] == f"u0{CLICKS}")
    terminal = Terminal(installation.environment)
    for option, value in (("--contact", f"u0{FORGOTTEN}"), ("--user", "u1"), ("--address", str(address))):
        assert terminal.json("person", "forget", option, value, *WHY)["done_at"]
    words = {word: planted.words[word] for person in (*gone, "u1") for word in planted.persons[person]}
    after = Search({**words, **dict.fromkeys([*gone, f"u1{CLICKS}", f"u1{FORGOTTEN}"], "id")})
    await look_through_database(after, raw, {"erasures"})
    assert {place: kinds for place, kinds in after.found.items() if kinds} == {}
    follow_up = ids.follow_up_workflow_id(PERIOD, "u1")
    assert [found.id async for found in installation.client.list_workflows(f"WorkflowId = '{follow_up}'")] == []

    await raw.contacts.insert_one({"_id": "again", "userId": "u0", "email": address, "status": "active"})
    last = (await mailbox.log())[-1].n
    following = await installation.start_cycle(NEXT_PERIOD)
    async with asyncio.timeout(PATIENCE_S):
        await following.result()
    written = {to for mail in await mailbox.log() if mail.n > last for to in mail.to}
    assert written == {each["email"] for each in people[1] if each["userId"] == "u0" and each["_id"] not in gone}
    entry = await raw.invitations.find_one({"_id": f"{NEXT_PERIOD}.u0.again"})
    assert entry is not None
    assert entry["reason"] == "suppressed"
