"""The pictures of a cycle's report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from relance.contracts.cycle import CycleStatistics
from relance.domain.cycle_report import CycleReport
from relance.domain.messages import Attachment


class CycleIllustrator(Protocol):
    """Draws what belongs to a cycle's report."""

    async def attachments(
        self, report: CycleReport, months: Sequence[CycleStatistics], key: str, language: str
    ) -> tuple[Attachment, ...]:
        """Return the files that go with the message `key`; `months` are the cycles up to this one, oldest first."""
