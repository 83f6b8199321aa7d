"""Users and contacts of the figures, and what reached them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from relance.devstack.mailbox.client import Mailbox
from relance.domain.cycle.control import ControlState
from tests.support.installation import CycleHandle, Installation
from tests.support.patience import PATIENCE_S

LOOK_EVERY_S = 0.1
NEIGHBOUR = "neighbour"


def a_user(user: str, **fields: Any) -> dict[str, Any]:
    """Return an active user."""
    return {"_id": user, "name": f"Name {user}", "email": f"{user}@users.example", "status": "active", **fields}


def a_contact(user: str, contact: str, address: str, **fields: Any) -> dict[str, Any]:
    """Return an active contact."""
    return {"_id": contact, "userId": user, "name": contact, "email": address, "status": "active", **fields}


def neighbours(users: int, contacts: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return plain users whose ids come after those of the others, and their contacts."""
    names = [f"{NEIGHBOUR}{number:03}" for number in range(users)]
    every = [(name, f"{name}-{number}") for name in names for number in range(contacts)]
    return [a_user(name) for name in names], [a_contact(user, one, f"{one}@people.example") for user, one in every]


async def reached(mailbox: Mailbox) -> Counter[str]:
    """Return how many mails each address got."""
    return Counter(address for mail in await mailbox.log() for address in mail.to)


async def missing(mailbox: Mailbox, contacts: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the ids of the contacts who did not get exactly one mail."""
    found = await reached(mailbox)
    return [one["_id"] for one in contacts if found[one["email"]] != 1]


async def ended(own: Installation, cycle: CycleHandle, period: str, limit: float = 2 * PATIENCE_S) -> str:
    """Wait for the end of a cycle; return why there is none, nothing if it ended."""
    result = asyncio.ensure_future(cycle.result())
    try:
        async with asyncio.timeout(limit):
            while not result.done():
                await asyncio.wait([result], timeout=LOOK_EVERY_S)
                control = await own.database.controls.get(period)
                if control.state is not ControlState.RUNNING and not result.done():
                    return f"the cycle is {control.state}: {control.reason[:80]}"
    except TimeoutError:
        return "the cycle does not end"
    finally:
        result.cancel()
        await asyncio.gather(result, return_exceptions=True)
    return ""
