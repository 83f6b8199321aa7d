"""Tells a wave and its cycle how far a batch is: the port `ProgressNotes` on Temporal."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client

from relance import ids
from relance.contracts.cycle import BatchInput, MailCounts
from relance.contracts.names import Query
from relance.contracts.progress_notes import BatchNote, WaveNote
from relance.temporal.queries import unless_silent

ANSWER_WITHIN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class QueryProgressNotes:
    """By queries: a signal would be four events of history each time, too many for a slow wave (SPEC C5, C12)."""

    client: Client

    async def note(self, batch: BatchInput, counts: MailCounts) -> None:
        """Have both hear how far a batch is; who does not answer hears the next."""
        # Whatever is wrong with the telling, the batch goes on.
        with suppress(Exception):
            beat = BatchNote(last_user=batch.boundary.last, counts=counts)
            wave = ids.wave_workflow_id(batch.period, batch.instant)
            whole: MailCounts | None = await self._told(wave, Query.NOTE_BATCH, beat)
            if whole is not None:
                cycle = ids.cycle_workflow_id(batch.period)
                await self._told(cycle, Query.NOTE_WAVE, WaveNote(instant=batch.instant, counts=whole))

    async def _told(self, workflow_id: str, query: Query, note: BatchNote | WaveNote) -> MailCounts | None:
        handle = self.client.get_workflow_handle(workflow_id)
        return await unless_silent(handle.query(query, note, result_type=MailCounts, rpc_timeout=ANSWER_WITHIN))
