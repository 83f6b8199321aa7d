"""What a message of the application waits for: one commit, and never none (SPEC G1)."""

from __future__ import annotations

import asyncio

import pytest

from relance.adapters.mongo.connection import Database
from relance.contracts.follow_up import InvitationEvent
from relance.domain.invitations.events import EventKind
from relance.services.event_service import EventService, Message
from tests.adapters.mongo.commands import Commands
from tests.support.event_api import invited
from tests.support.gateway_needs import needs_of
from tests.support.mongo_people import AT
from tests.support.patience import PATIENCE_S

WRITES = {"insert", "update", "findAndModify", "delete"}


def _waited_for(commands: Commands) -> list[str]:
    """Return the collections whose writes were waited for until a majority has them in its journal, in order."""
    durable = {"w": "majority", "j": True}
    written = [(name, command) for name, command in commands.sent if name in WRITES]
    return [command[name] for name, command in written if durable.items() <= command["writeConcern"].items()]


def _message(number: int, *events: InvitationEvent, replans: bool = False) -> Message:
    return Message(f"m{number}", "what it says", events, ",".join, replans=replans)


@pytest.mark.parametrize(
    ("kind", "commits", "again"),
    [
        # Said again, nothing else is written: the message has to last by itself.
        (EventKind.OPENED, ["invitations"], ["inbox"]),
        (EventKind.OPTED_OUT, ["contacts", "invitations", "suppressions"], ["suppressions"]),
    ],
)
async def test_a_message_is_committed_with_what_it_asks_for(
    commands: Commands, db: Database, kind: EventKind, commits: list[str], again: list[str]
) -> None:
    [id_] = await invited(db, ["c1"])
    needs = needs_of(db)
    service = EventService(needs.events, needs.inbox, needs.outbox)
    event = InvitationEvent(invitation_id=id_, kind=kind, at=AT)
    commands.sent.clear()
    assert await service.take(_message(1, event)) == "taken"
    assert sorted(_waited_for(commands)) == commits
    assert await service.take(_message(2, event)) == "known"
    assert _waited_for(commands)[len(commits) :] == again
    await service.close()
    assert set(await db.inbox.known(["m1", "m2"])) == {"m1", "m2"}


async def test_a_question_for_new_plans_is_committed_with_its_message(commands: Commands, db: Database) -> None:
    needs = needs_of(db)
    service = EventService(needs.events, needs.inbox, needs.outbox)
    commands.sent.clear()
    await service.take(_message(1, replans=True))
    assert _waited_for(commands) == ["outbox"]
    await service.close()


async def test_messages_that_two_processes_get_at_once_count_once_and_get_the_same_answer(db: Database) -> None:
    ids = await invited(db, [f"c{number}" for number in range(12)])
    needs = needs_of(db)
    services = [EventService(needs.events, needs.inbox, needs.outbox) for _ in range(2)]
    messages = [
        _message(number, InvitationEvent(invitation_id=id_, kind=EventKind.OPENED, at=AT))
        for number, id_ in enumerate(ids)
    ]
    async with asyncio.timeout(PATIENCE_S):
        said = await asyncio.gather(
            *(service.take(message) for message in messages for service in services),
            *(services[0].take(message) for message in reversed(messages)),
        )
    assert len(await db.inbox.known([message.id for message in messages])) == len(messages)
    by_message = list(zip(said[0:24:2], said[1:24:2], reversed(said[24:]), strict=True))
    assert all(len(set(answers)) == 1 for answers in by_message)
    for service in services:
        await service.close()
