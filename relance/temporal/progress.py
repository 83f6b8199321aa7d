"""How far a cycle is right now: what its workflows say, and what the batches under way say by their heartbeats.

A workflow learns of a batch when it is done. What its query says of batches under way is a few seconds old; heartbeats,
kept by the server, are half a second old, and neither writes a line of history (SPEC C5, C12).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from relance import ids
from relance.contracts.cycle import CycleProgress, MailCounts, WaveResult
from relance.contracts.names import Query
from relance.temporal.errors import is_missing

SENDING = "send_batch"
ANSWER_WITHIN = timedelta(seconds=5)
TRIES = 3


async def live_progress(client: Client, period: str) -> CycleProgress:
    """Return the cycle's progress with the waves and batches under way counted in.

    Raises:
        RPCError: there is no such cycle, or no answer within five seconds.
        WorkflowQueryFailedError: the workflow could not answer.
    """
    cycle: WorkflowHandle[object, object] = client.get_workflow_handle(ids.cycle_workflow_id(period))
    progress: CycleProgress = await cycle.query(Query.PROGRESS, result_type=CycleProgress, rpc_timeout=ANSWER_WITHIN)
    counts = progress.counts
    for instant in progress.current_waves:
        counts += await _wave(client, period, instant)
    return progress.model_copy(update={"counts": counts, "under_way": MailCounts()})


async def _wave(client: Client, period: str, instant: datetime) -> MailCounts:
    """Return the counts of a wave's batches, done and under way; nothing while it does not exist yet."""
    wave: WorkflowHandle[object, object] = client.get_workflow_handle(ids.wave_workflow_id(period, instant))
    try:
        done = await _done(wave)
        for _ in range(TRIES):
            described = await wave.describe(rpc_timeout=ANSWER_WITHIN)
            before, done = done, await _done(wave)
            if done.batches == before.batches:
                break
        # A batch that ended between the two answers would be counted twice or not at all: hence another look.
        return sum(await _beats(client, described.raw_description.pending_activities), done.counts)
    except RPCError as error:
        # The cycle names it a moment before it exists.
        if is_missing(error):
            return MailCounts()
        raise


async def _done(wave: WorkflowHandle[object, object]) -> WaveResult:
    found: WaveResult = await wave.query(Query.PROGRESS, result_type=WaveResult, rpc_timeout=ANSWER_WITHIN)
    return found


async def _beats(client: Client, pending: Iterable[PendingActivityInfo]) -> list[MailCounts]:
    found: list[MailCounts] = []
    for activity in pending:
        if activity.activity_type.name == SENDING and activity.heartbeat_details.payloads:
            found += await client.data_converter.decode(activity.heartbeat_details.payloads, [MailCounts])
    return found
