"""The server's own backfill of a Schedule, which people can still ask for in Temporal Web."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio.client import Client, ScheduleBackfill, ScheduleOverlapPolicy


async def backfill(client: Client, schedule_id: str, start: datetime, end: datetime) -> None:
    """Let the server act for every nominal time from `start` to `end`, both included, one after the other."""
    # By its documentation the server leaves the start itself out (1.32 does not); nominal times are full minutes.
    period = ScheduleBackfill(
        start_at=start - timedelta(seconds=1), end_at=end, overlap=ScheduleOverlapPolicy.BUFFER_ALL
    )
    await client.get_schedule_handle(schedule_id).backfill(period)
