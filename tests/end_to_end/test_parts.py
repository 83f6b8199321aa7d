"""Users with more than a hundred contacts: whichever of them were invited, everybody reaches all their follow-ups."""

from __future__ import annotations

from typing import Any

from temporalio.client import WorkflowExecutionStatus, WorkflowHandle

from relance import ids
from relance.contracts.follow_up import FollowedState
from relance.contracts.names import Query
from relance.domain.invitations.events import EventKind
from relance.temporal.follow_ups import TemporalFollowUps
from tests.support.asking import answered
from tests.support.commands import AGREED, starter
from tests.support.installation import Installation
from tests.support.people import PERIOD

NOT_INVITED, CONTACTS = 100, 250


def contact(number: int) -> str:
    return f"c{number:03}"


def invitation(number: int) -> str:
    return ids.invitation_id(PERIOD, "u0", contact(number))


def follow_up(installation: Installation, part: int) -> WorkflowHandle[Any, dict[str, str]]:
    return installation.client.get_workflow_handle(ids.follow_up_workflow_id(PERIOD, "u0", part))


async def ended(installation: Installation, part: int) -> dict[str, str | None]:
    steps: list[FollowedState] = await answered(
        lambda: follow_up(installation, part).query(Query.STEPS, result_type=list[FollowedState])
    )
    return {one.contact_id: one.ended for one in steps if one.ended}


async def test_the_first_hundred_were_not_invited_and_the_others_are_reached(installation: Installation) -> None:
    user = {"_id": "u0", "name": "User 0", "email": "u0@users.example", "status": "active"}
    contacts = [
        {
            "_id": contact(number),
            "userId": "u0",
            "name": f"Contact {number}",
            "email": f"{contact(number)}@people.example",
            "status": "blocked" if number < NOT_INVITED else "active",
        }
        for number in range(CONTACTS)
    ]
    await installation.load([user], contacts)
    await installation.start_worker()
    result = await (await installation.start_cycle(PERIOD)).result()
    assert (result.sent, result.balance) == (CONTACTS - NOT_INVITED, 0)

    follow_ups = TemporalFollowUps(installation.client, installation.database.ledger)
    assert await follow_ups.running(PERIOD, "u0") == 2
    assert await follow_ups.running(PERIOD, "nobody") == 0
    assert await follow_ups.stop(PERIOD, "nobody", "a test") == 0

    told = {}
    for number, kind in ((99, EventKind.SUBMITTED), (100, EventKind.SUBMITTED), (199, EventKind.OPTED_OUT)):
        told[number] = (await installation.intake().take(invitation(number), kind)).follow_ups_told
    code, answer, errors = await starter(installation, "signal", invitation(249), "submitted")
    assert (code, answer["follow_ups_told"]) == (0, 1), errors
    # Nobody holds the first hundred, and nobody was invited among them.
    assert told == {99: 0, 100: 1, 199: 1}
    assert await ended(installation, 1) == {contact(100): "submitted", contact(199): "opted_out"}
    assert await ended(installation, 2) == {contact(249): "submitted"}
    _, why, _ = await starter(installation, "why", invitation(150))
    assert any("J+3" in sentence or "reminder" in sentence for sentence in why["answers"][0]["sentences"])

    _, planned, _ = await starter(installation, "cycle", "rollback", PERIOD, "--dry-run")
    assert planned["follow_ups"] == 2
    _, done, _ = await starter(installation, "cycle", "rollback", PERIOD, *AGREED)
    assert done["follow_ups"] == 2
    for part in (1, 2):
        assert "cycle_rolled_back" in (await follow_up(installation, part).result()).values()
        described = await follow_up(installation, part).describe()
        assert described.status is WorkflowExecutionStatus.COMPLETED


async def test_who_joins_between_two_attempts_moves_nobody_out_of_reach(installation: Installation) -> None:
    """The first attempt started part 0 with c000 to c099; then somebody joined before all of them."""
    user = {"_id": "u0", "name": "User 0", "email": "u0@users.example", "status": "active"}
    contacts = [
        {
            "_id": contact(number),
            "userId": "u0",
            "name": f"Contact {number}",
            "email": f"{contact(number)}@people.example",
            "status": "active",
        }
        for number in range(110)
    ]
    await installation.load([user], contacts)
    await installation.start_worker()
    await (await installation.start_cycle(PERIOD)).result()
    entry = await installation.database.ledger.get(invitation(0))
    assert entry is not None
    joined = entry.model_copy(update={"id": ids.invitation_id(PERIOD, "u0", "a"), "contact_id": "a"})
    await installation.database.ledger.queue([joined])
    assert await installation.database.ledger.part_of(invitation(99)) == 1
    taken = await installation.intake().take(invitation(99), EventKind.SUBMITTED)
    assert taken.follow_ups_told >= 1
    assert contact(99) in await ended(installation, 0)
