"""When something happens: at any time, and rather often just when mails are being sent."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from tests.simulation.world import World

SOON = timedelta(days=10)
AT_A_BAD_TIME = 0.6


async def wait_for_a_moment(world: World, per_day: float) -> None:
    """Wait for the next moment; about so many a day."""
    wait = world.dice.expovariate(per_day / 86_400)
    if world.dice.random() < AT_A_BAD_TIME:
        busy = _busy(world)
        if busy:
            at = world.dice.choice(busy) + timedelta(seconds=world.dice.gauss(3.0, 8.0))
            wait = max((at - world.now()).total_seconds(), 0.0)
    await asyncio.sleep(wait)


def _busy(world: World) -> list[datetime]:
    now = world.now()
    plans = [plan["instant"] for plan in world.store.table("plans").near({}) if plan["status"] == "planned"]
    due = [
        entry["dueAt"][kind]
        for entry in world.store.table("invitations").near({})
        if entry["status"] in {"sent", "opened"} and "dueAt" in entry
        for kind in ("first", "second")
    ]
    return sorted({at for at in (*plans, *due) if now < at < now + SOON})
