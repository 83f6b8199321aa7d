from __future__ import annotations

import asyncio

from relance.adapters.mongo.connection import Database
from relance.domain.invitations.invitation import InvitationStatus
from relance.ports import Claimed, ClaimRequest
from tests.adapters.mongo.commands import Commands
from tests.support.mongo_people import PERIOD, SENT, People, settle


def of_invitations(commands: Commands) -> int:
    return sum(one["update"] == "invitations" for one in commands.named("update"))


async def test_simultaneous_exchanges_share_their_round_trips(commands: Commands, people: People) -> None:
    requests = await people.invite(64)
    commands.sent.clear()
    answers = await asyncio.gather(*(people.db.ledger.exchange(None, request) for request in requests))
    assert all(isinstance(answer, Claimed) for answer in answers)
    assert of_invitations(commands) == 1
    assert len(commands.named("aggregate")) == 1


async def test_claims_whose_slots_were_taken_ahead_ask_for_nothing_more(commands: Commands, people: People) -> None:
    requests = await people.invite(64)
    await people.db.ledger.take_slots({one.invitation_id: one.contact.email for one in requests})
    commands.sent.clear()
    answers = await asyncio.gather(*(people.db.ledger.exchange(None, request) for request in requests))
    assert all(isinstance(answer, Claimed) for answer in answers)
    assert sorted(name for name, _ in commands.sent) == ["aggregate", "update"]


async def test_connections_that_send_one_mail_after_the_other_share_their_round_trips(
    commands: Commands, people: People
) -> None:
    requests = iter(await people.invite(256))
    commands.sent.clear()

    async def connection() -> None:
        last: ClaimRequest | None = None
        for request in requests:
            answer = await people.db.ledger.exchange(settle(last, SENT) if last else None, request)
            assert isinstance(answer, Claimed)
            last = request
        if last:
            await people.db.ledger.exchange(settle(last, SENT), None)

    await asyncio.gather(*(connection() for _ in range(16)))
    entries = await people.db.ledger.of_users(PERIOD, ["u1"])
    assert {entry.status for entry in entries["u1"]} == {InvitationStatus.SENT}
    assert of_invitations(commands) < 256 / 8


async def test_a_group_is_bounded(commands: Commands, people: People) -> None:
    requests = await people.invite(300)
    commands.sent.clear()
    await asyncio.gather(*(people.db.ledger.exchange(None, request) for request in requests))
    assert of_invitations(commands) == 3


async def test_every_write_asks_for_a_journaled_majority(commands: Commands, people: People) -> None:
    request = await people.claimed()
    await people.db.ledger.exchange(settle(request, SENT), None)
    writes = commands.named("update") + commands.named("insert")
    assert len(writes) >= 4
    for write in writes:
        assert write["writeConcern"]["w"] == "majority"
        assert write["writeConcern"]["j"] is True
        assert write["writeConcern"]["wtimeout"] > 0


async def test_every_read_sees_majority_committed_data_of_the_primary(commands: Commands, people: People) -> None:
    await people.claimed()
    await people.db.ledger.of_users(PERIOD, ["u1"])
    reads = commands.named("find") + commands.named("aggregate")
    assert len(reads) >= 2
    assert {read["readConcern"]["level"] for read in reads} == {"majority"}
    assert {read.get("$readPreference", {"mode": "primary"})["mode"] for read in reads} <= {
        "primary",
        "primaryPreferred",
    }


async def test_nothing_to_do_needs_no_round_trip(commands: Commands, db: Database) -> None:
    commands.sent.clear()
    assert await db.ledger.exchange(None, None) is None
    assert commands.sent == []
