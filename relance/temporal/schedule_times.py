"""When a Schedule is to act next, and when it was to act and did not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from temporalio.client import Client

from relance.temporal.nominal_times import TemporalNominalTimes
from relance.temporal.schedules import RPC_TIMEOUT, handle

A_YEAR = timedelta(days=366)


async def passed_over(client: Client, schedule_id: str, now: datetime) -> Sequence[datetime]:
    """Return the nominal times since a Schedule acted last, or was created; the first few hundred of them.

    Raises:
        NotFound: there is no such Schedule.
    """
    async with handle(client, schedule_id) as found:
        info = (await found.describe(rpc_timeout=RPC_TIMEOUT)).info
    since = info.recent_actions[-1].scheduled_at if info.recent_actions else info.created_at
    return (await TemporalNominalTimes(client).matching(schedule_id, since, now))[0]


async def coming(client: Client, schedule_id: str, now: datetime) -> datetime | None:
    """Return a Schedule's next nominal time, whether it is paused or not; None if there is none within a year."""
    times, _ = await TemporalNominalTimes(client).matching(schedule_id, now, now + A_YEAR)
    return times[0] if times else None
