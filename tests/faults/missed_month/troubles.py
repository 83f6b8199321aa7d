"""The ways to lose a month, and how each is mended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from relance import ids
from relance.contracts.names import MONTHLY_SCHEDULE
from relance.domain.cycle.control import Control, ControlState
from tests.faults.missed_month.site import Site

SOON = timedelta(seconds=8)
"""Until a nominal time that the Schedule is paused over: a command must fit in, or is tried again."""
NEAR = timedelta(minutes=2)
LATE_USERS = 2
LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Trouble:
    """One way: `lose` returns what a command said that must name the month, None if no command was to say it."""

    name: str
    lose: Callable[[Site], Awaitable[dict[str, Any] | None]]
    mend: Callable[[Site], Awaitable[object]]


async def pause_over_it(site: Site) -> dict[str, Any] | None:
    """Pause the Schedule, let its nominal time pass, and resume it."""
    nominal = datetime.now(UTC)
    await site.expect(nominal)
    await site.schedule(nominal + timedelta(days=1))
    await site.start_worker()
    # It is paused before its time is known: on a busy machine a command takes longer than that is away.
    await site.command("schedules", "pause", MONTHLY_SCHEDULE, "--reason", "a rehearsal")
    while nominal <= datetime.now(UTC):
        nominal = (datetime.now(UTC) + SOON).replace(microsecond=0)
        await site.schedule(nominal)
    site.passed = nominal
    await asyncio.sleep((nominal - datetime.now(UTC)).total_seconds() + 1)
    return await site.command("schedules", "resume", MONTHLY_SCHEDULE)


async def change_the_cron(site: Site) -> dict[str, Any] | None:
    """Have the month opened in two minutes, and then change that to two minutes ago."""
    now = datetime.now(UTC)
    await site.expect(now + NEAR)
    await site.schedule(now + NEAR)
    await site.start_worker()
    return await site.schedule(now - NEAR)


async def terminate_it(site: Site) -> dict[str, Any] | None:
    """Start the cycle, and terminate it before any worker is there that could plan."""
    await _started(site)
    await site.installation.client.get_workflow_handle(ids.cycle_workflow_id(site.period)).terminate("a rehearsal")
    await site.start_worker()
    return None


async def cancel_it(site: Site) -> dict[str, Any] | None:
    """Start the cycle, and cancel it in Temporal before it plans."""
    await _started(site)
    await site.installation.client.get_workflow_handle(ids.cycle_workflow_id(site.period)).cancel()
    await site.start_worker()
    return None


async def join_unplanned(site: Site) -> dict[str, Any] | None:
    """Let users join a cycle whose workers have gone: the one that is left serves only the jobs.

    It is paused, so that its mails wait until everybody is planned.
    """
    await site.expect_current()
    await site.schedule(datetime.now(UTC) + timedelta(days=1))
    paused = Control(id=site.period, state=ControlState.PAUSED, reason="a rehearsal", by="ann", at=datetime.now(UTC))
    await site.installation.database.controls.change(paused)
    worker = await site.start_worker()
    await site.command("start", "cycle", "--period", site.period, "--now")
    while await site.installation.database.raw.plans.count_documents({"period": site.period}) < site.users:
        await asyncio.sleep(LOOK_EVERY_S)
    await worker.stop()
    await site.add_people(LATE_USERS)
    await site.start_worker("ops")
    return None


async def start_it(site: Site) -> None:
    """Do what the alert says, and have everything sent at once."""
    answer = await site.command("start", "cycle", "--period", site.period, "--now")
    assert answer["state"] == "started", answer


async def bring_workers_back(site: Site) -> None:
    """Start a worker that plans."""
    await site.start_worker()


async def _started(site: Site) -> None:
    now = datetime.now(UTC)
    await site.expect(now - NEAR)
    await site.schedule(now - NEAR)
    await site.command("start", "cycle", "--period", site.period)


TROUBLES = (
    # The ones that wait longest begin first.
    Trouble("unplanned", join_unplanned, bring_workers_back),
    Trouble("paused", pause_over_it, start_it),
    Trouble("cron-changed", change_the_cron, start_it),
    Trouble("terminated", terminate_it, start_it),
    Trouble("cancelled", cancel_it, start_it),
)
