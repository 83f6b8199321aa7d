from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr
from pymongo.errors import DuplicateKeyError

from relance.adapters.mongo.connection import Database, connect
from relance.domain.invitations.invitation import InvitationStatus, MailKind
from relance.ports import Deferred, Failed
from relance.settings import Mongo
from tests.adapters.mongo.commands import Commands
from tests.support.keys import PRIVACY
from tests.support.mongo_people import AT, FULL_MAILBOX, PERIOD, SENT, People, entry, settle


async def test_queuing_twice_inserts_nothing_twice(db: Database) -> None:
    assert await db.ledger.queue([]) == 0
    assert await db.ledger.queue([entry("a"), entry("b")]) == 2
    assert await db.ledger.queue([entry("b"), entry("c")]) == 1
    assert await db.raw.invitations.count_documents({}) == 3


async def test_queuing_again_leaves_what_happened_since(people: People) -> None:
    request = await people.claimed()
    await people.db.ledger.queue([entry(request.contact.id)])
    assert (await people.stored(request)).status is InvitationStatus.SENDING


async def test_the_database_itself_refuses_a_second_entry_of_a_contact_in_a_period(db: Database) -> None:
    await db.ledger.queue([entry("a")])
    with pytest.raises(DuplicateKeyError):
        await db.raw.invitations.insert_one({"_id": "x", "period": PERIOD, "userId": "u1", "contactId": "a"})


async def test_entries_are_found_by_user_and_by_contact(db: Database) -> None:
    older = entry("a").model_copy(update={"id": "2026-10.u1.a", "period": "2026-10"})
    await db.ledger.queue([older, entry("b"), entry("a")])
    found = await db.ledger.of_users(PERIOD, ["u1", "u2"])
    assert [one.contact_id for one in found["u1"]] == ["a", "b"]
    assert found["u2"] == []
    assert [one.period for one in await db.ledger.of_contact("a")] == [PERIOD, "2026-10"]
    assert await db.ledger.get("2026-11.u1.none") is None


async def test_untried_are_those_whose_mail_is_still_to_be_sent_for_the_first_time(people: People) -> None:
    sent, later, claimed, spoilt, queued = await people.invite(5)
    await people.change(sent, {"status": "sent"})
    await people.change(later, {"status": "sending", "retryAt": AT})
    await people.change(claimed, {"status": "sending"})
    await people.change(spoilt, {"attempts": "many"})
    untried = await people.db.ledger.untried(PERIOD, ["u1", "u2"])
    assert {entry.id for entry in untried} == {claimed.invitation_id, queued.invitation_id}
    assert await people.db.quarantine.count() == 1


async def test_fields_we_do_not_know_survive(people: People) -> None:
    [request] = await people.invite()
    await people.change(request, {"campaign": "spring"})
    await people.db.ledger.exchange(None, request)
    await people.db.ledger.exchange(settle(request, SENT), None)
    assert (await people.stored(request)).model_extra == {"campaign": "spring"}


async def test_an_invalid_entry_is_set_aside_and_the_others_are_read(people: People) -> None:
    requests = await people.invite(3)
    await people.change(requests[1], {"status": "lost"})
    assert len((await people.db.ledger.of_users(PERIOD, ["u1"]))["u1"]) == 2
    assert await people.db.quarantine.count() == 1


async def test_outcomes_are_counted_by_status_reason_class_and_whether_sent(people: People) -> None:
    requests = await people.invite(5)
    ledger = people.db.ledger
    for request in requests[:3]:
        await ledger.exchange(None, request)
    await ledger.exchange(settle(requests[0], SENT), None)
    await ledger.exchange(settle(requests[1], Failed(FULL_MAILBOX, AT)), None)
    await ledger.exchange(settle(requests[2], Deferred(FULL_MAILBOX, AT + timedelta(minutes=5), AT)), None)
    await ledger.skip(requests[3].invitation_id, MailKind.INVITATION, "duplicate_address", AT)
    rows = {
        tuple(row[name] for name in ("status", "reason", "class", "sent", "count"))
        for row in await ledger.outcomes(PERIOD)
    }
    assert rows == {
        ("sent", None, None, True, 1),
        ("failed", "soft_recipient", "soft_recipient", False, 1),
        ("sending", None, "soft_recipient", False, 1),
        ("skipped", "duplicate_address", None, False, 1),
        ("queued", None, None, False, 1),
    }
    assert await ledger.outcomes("2026-12") == []


async def test_reminders_are_counted_by_kind_and_reason(people: People) -> None:
    requests = await people.invite(2, InvitationStatus.SENT)
    first = people.request(requests[0].contact, MailKind.FIRST)
    await people.db.ledger.exchange(None, first)
    await people.db.ledger.exchange(settle(first, SENT), None)
    await people.db.ledger.skip(requests[1].invitation_id, MailKind.FIRST, "submitted", AT)
    rows = {(row["type"], row["reason"], row["count"]) for row in await people.db.ledger.reminder_outcomes(PERIOD)}
    assert rows == {("first", None, 1), ("first", "submitted", 1)}


async def test_a_contacts_part_is_its_rank_among_all_entries_of_its_user_and_period(db: Database) -> None:
    older = entry("c0000").model_copy(update={"id": "2026-10.u1.c0000", "period": "2026-10"})
    others = [entry("a").model_copy(update={"id": f"{PERIOD}.u2.a", "user_id": "u2"})]
    await db.ledger.queue([older, *others, *(entry(f"c{number:04}") for number in range(250))])
    parts = [await db.ledger.part_of(f"{PERIOD}.u1.c{number:04}") for number in (0, 99, 100, 199, 200, 249)]
    assert parts == [0, 0, 1, 1, 2, 2]
    assert await db.ledger.part_of(f"{PERIOD}.unknown.c0000") is None
    assert await db.ledger.part_of(f"{PERIOD}.u1.a") is None
    assert await db.ledger.parts(PERIOD, ["u1", "u2", "unknown"]) == {"u1": 3, "u2": 1, "unknown": 0}
    assert await db.ledger.parts("2026-10", ["u1"]) == {"u1": 1}


@pytest.mark.parametrize(("entries", "parts"), [(1, 1), (100, 1), (101, 2)])
async def test_a_hundred_entries_are_one_part(db: Database, entries: int, parts: int) -> None:
    await db.ledger.queue([entry(f"c{number:04}") for number in range(entries)])
    assert await db.ledger.parts(PERIOD, ["u1"]) == {"u1": parts}


async def test_parts_are_counted_from_the_index_alone(db: Database, mongo_uri: str) -> None:
    await db.ledger.queue([entry(f"c{number:04}") for number in range(120)])
    with Commands.watching(db.raw.name) as commands:
        watched = connect(Mongo(uri=SecretStr(mongo_uri), database=db.raw.name), PRIVACY)
        await watched.ledger.part_of(f"{PERIOD}.u1.c0110")
        await watched.ledger.parts(PERIOD, ["u1"])
        await watched.close()
    asked = commands.named("aggregate")
    assert len(asked) == 2
    for command in asked:
        told = await db.raw.command(
            {"explain": {**{name: command[name] for name in ("aggregate", "pipeline", "cursor")}}}, "executionStats"
        )
        assert "COLLSCAN" not in str(told)
        assert "'totalDocsExamined': 0" in str(told)
