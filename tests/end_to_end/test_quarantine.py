"""Three documents of a month cannot be read: the others are sent, people are told once, and mended ones are planned."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from bson.raw_bson import RawBSONDocument

from relance.contracts.jobs import JobResult
from relance.contracts.names import JobName
from relance.devstack.mailbox.client import Mailbox
from relance.domain.alerts.model import AlertState, Rule
from relance.domain.cycle.send_times import current_period, next_period
from relance.domain.failures import Severity
from relance.domain.health.probes import ProbeName
from relance.domain.health.status import Health
from relance.ids import plan_id
from relance.settings.jobs import Jobs
from relance.temporal.jobs import start_job
from tests.support.commands import starter
from tests.support.installation import Installation
from tests.support.patience import PATIENCE_S
from tests.support.people import PERIOD, address, people
from tests.support.undecodable import ANA, with_bytes, with_date

USERS = 20
ADDRESS = "ana.secret@people.example"
QUICK = {
    "RELANCE_HEALTH__AGAIN": "PT0.2S",
    "RELANCE_HEALTH__POLL_WITHIN": "PT10M",
    "RELANCE_ALERTS__RESOLVE_HOLD": "PT0S",
    "RELANCE_ALERTS__GROUP_WAIT": "PT0S",
    "RELANCE_ALERTS__MEDIUM_GATHER": "PT1M",
}


def broken() -> tuple[list[RawBSONDocument | dict[str, Any]], list[RawBSONDocument | dict[str, Any]]]:
    """Return what takes the place of the user u3, of the user u5, and of the contact u7c0."""
    contact = {"_id": "u7c0", "userId": "u7", "email": ADDRESS, "name": "Ana", "status": "active"}
    user = {"_id": {"email": ADDRESS}, "name": "Ana", "status": "active"}
    return [with_bytes({"_id": "u3", "email": ADDRESS}, "name", ANA), user], [with_date(contact, "statusAt")]


async def load(installation: Installation) -> None:
    users, contacts = people(USERS, 1)
    gone = {"u3", "u5", "u7c0"}
    await installation.load(
        [one for one in users if one["_id"] not in gone], [one for one in contacts if one["_id"] not in gone]
    )
    spoilt_users, spoilt_contacts = broken()
    await installation.database.raw.users.insert_many(spoilt_users)
    await installation.database.raw.contacts.insert_many(spoilt_contacts)


async def check_health(installation: Installation, hour: int) -> JobResult:
    nominal = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hour)
    return await (await start_job(installation.client, JobName.HEALTH, Jobs(), nominal)).result()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(3 * PATIENCE_S):
        while not await holds():
            await asyncio.sleep(0.05)


async def messages(installation: Installation) -> list[str]:
    page = await installation.database.chat_messages.page()
    return ["\n".join([one.title, one.text, *one.rows]) for one in page.items if "Unreadable Documents" in one.title]


@pytest.mark.slow(70)
async def test_the_others_are_sent_and_people_are_told_once_without_any_value(
    installation: Installation, mailbox: Mailbox
) -> None:
    await load(installation)
    await installation.start_worker(environment=QUICK)
    statistics = await (await installation.start_cycle(PERIOD)).result()
    assert (statistics.sent, statistics.balance) == (USERS - 3, 0)
    received = {to for one in await mailbox.log() for to in one.to}
    assert received == {address(user, 0) for user in range(USERS) if user not in {3, 5, 7}}

    assert statistics.documents_unreadable == {"users": 2, "contacts": 1}
    code, report, shown = await starter(installation, "cycle", "report", PERIOD)
    assert (code, report["documents_unreadable"]) == (0, {"users": 2, "contacts": 1})

    for hour in range(3):
        await check_health(installation, hour)
    standing = (await installation.database.health_checks.all())[ProbeName.QUARANTINE]
    assert (standing.state, standing.value, standing.detail) == (Health.DEGRADED, 3.0, "contacts 1, users 2")
    alerts = {one.subject: one for one in await installation.database.alerts.open(Rule.DOCUMENTS)}
    assert {name: (one.severity, one.evidence.value) for name, one in alerts.items()} == {
        "contacts": (Severity.MEDIUM, Decimal(1)),
        "users": (Severity.MEDIUM, Decimal(2)),
    }

    async def told() -> bool:
        return bool(await messages(installation))

    await until(told)
    _, doctor, _ = await starter(installation, "doctor")
    [finding] = [one for one in doctor["checks"] if one["what"] == "documents"]
    assert (finding["state"], "users 2" in finding["detail"]) == ("warning", True)
    [probe] = [one for one in doctor["health"] if one["probe"] == ProbeName.QUARANTINE]
    assert (probe["now"], probe["told"]) == ("warning", True)

    code, listed, _ = await starter(installation, "quarantine", "list")
    assert (code, listed["total"], listed["collections"]) == (0, 3, {"contacts": 1, "users": 2})
    found = {one["id"]: one for one in listed["documents"]}
    [mark] = found.keys() - {"u3", "u7c0"}
    assert found["u7c0"]["user"] == "u7"
    assert found["u3"]["faults"][0]["field"] == "name"
    shown_documents = [
        await starter(installation, "quarantine", "show", collection, name)
        for collection, name in (("users", "u3"), ("users", mark), ("contacts", "u7c0"))
    ]
    assert [code for code, _, _ in shown_documents] == [0, 0, 0]
    everything = str([report, shown, doctor, listed, shown_documents, await messages(installation), alerts])
    assert not [value for value in ("ana.secret", "people.example", "Ana") if value in everything]

    # Mended or gone, they leave by themselves, and the alerts end; nothing more was said of them meanwhile.
    await installation.database.raw.users.delete_many({"email": ADDRESS})
    await installation.database.raw.users.delete_one({"_id": {"email": ADDRESS}})
    await installation.database.raw.contacts.update_one({"_id": "u7c0"}, {"$unset": {"statusAt": ""}})
    await check_health(installation, 4)

    async def over() -> bool:
        newest = await installation.database.alerts.newest([one.key for one in alerts.values()])
        return {one.state for one in newest.values()} == {AlertState.RESOLVED}

    await until(over)
    assert await installation.database.quarantine.count() == 0
    assert [one.startswith("⚠️ Unreadable Documents Alert") for one in await messages(installation)].count(True) == 1


@pytest.mark.slow
async def test_mended_documents_have_their_users_planned_while_the_period_is_open(installation: Installation) -> None:
    period = next_period(current_period(datetime.now(UTC), "UTC"))
    await load(installation)
    await installation.start_worker(environment=QUICK)
    await installation.start_cycle(period, send_now=False)
    data = installation.database

    async def planned() -> bool:
        return (
            await data.raw.plans.count_documents({"period": period}) == USERS - 2 and await data.quarantine.count() == 2
        )

    await until(planned)
    code, answer, _ = await starter(installation, "quarantine", "retry", "--all")
    assert (code, answer["left"], len(answer["broken"])) == (1, [], 2)
    await data.raw.users.update_one({"_id": "u3"}, {"$set": {"name": "Ana"}})
    for _ in range(2):
        code, answer, _ = await starter(installation, "quarantine", "retry", "--collection", "users")
        assert (code, len(answer["broken"])) == (1, 1)
    assert await data.raw.plans.count_documents({"_id": plan_id(period, "u3")}) == 1
    code, _, said = await starter(installation, "quarantine", "retry", "users", "u3")
    assert (code, "may be sound again or gone" in said) == (2, True)

    # A plan of ours that was ended because nobody could read it is written anew.
    await data.raw.plans.update_one({"_id": plan_id(period, "u1")}, {"$set": {"instant": None}})
    assert await data.plans.end_unreadable(period, datetime.now(UTC)) == 1
    code, answer, _ = await starter(installation, "quarantine", "retry", "plans", plan_id(period, "u1"))
    assert (code, len(answer["left"])) == (0, 1)
    assert answer["left"][0]["follows"][0].startswith(f"{period}: planned for ")
    assert await data.plans.unreadable_count(period) == 0
