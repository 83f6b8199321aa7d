"""Tells a wave and its cycle how far a batch is: the port `ProgressNotes` on Temporal."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client, WorkflowHandle

from relance import ids
from relance.contracts.cycle import BatchInput, MailCounts
from relance.contracts.names import Query
from relance.contracts.progress_notes import BatchNote, WaveNote

ANSWER_WITHIN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class TemporalProgressNotes:
    """By queries: a signal would be four events of history each time, too many for a slow wave (SPEC C5, C12)."""

    client: Client

    async def note(self, batch: BatchInput, counts: MailCounts) -> None:
        """Have both hear how far a batch is; who does not answer hears the next."""
        wave = self._handle(ids.wave_workflow_id(batch.period, batch.instant))
        cycle = self._handle(ids.cycle_workflow_id(batch.period))
        note = BatchNote(last_user=batch.boundary.last, counts=counts)
        # Whatever is wrong with the telling, the batch goes on.
        with suppress(Exception):
            whole: MailCounts = await wave.query(
                Query.NOTE_BATCH, note, result_type=MailCounts, rpc_timeout=ANSWER_WITHIN
            )
            await cycle.query(Query.NOTE_WAVE, WaveNote(instant=batch.instant, counts=whole), rpc_timeout=ANSWER_WITHIN)

    def _handle(self, workflow_id: str) -> WorkflowHandle[object, object]:
        return self.client.get_workflow_handle(workflow_id)
