"""What a batch tells of how far it is."""

from __future__ import annotations

from dataclasses import replace

from relance.contracts.cycle import BatchInput, MailCounts
from tests.activities.conftest import SEND_AT, Office, batch_of_everyone


class Notes:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, MailCounts]] = []

    async def note(self, batch: BatchInput, counts: MailCounts) -> None:
        self.heard.append((batch.boundary.last, counts))


async def test_a_batch_that_is_done_sooner_than_the_first_note_is_due_tells_what_it_did(office: Office) -> None:
    await office.add_user("u1", 3)
    await office.plan()
    office.clock.at = SEND_AT
    notes, batch = Notes(), batch_of_everyone(SEND_AT)
    result = await office.run(replace(office.invitations, notes=notes).send_batch, batch)
    assert result.counts.sent == 3
    assert notes.heard[-1] == (batch.boundary.last, result.counts)
