"""What travels when past nominal times of a Schedule are made up for: instants, ids and counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import Field

from relance.domain.base import Utc, Wire


class BackfillInput(Wire):
    """Input of Backfill: what the Schedule starts, and for which nominal times, in their order.

    `argument` is its input as JSON. Across continue-as-new `times` are those that are left, and `progress` is what was
    done so far.
    """

    schedule: str
    workflow: str
    workflow_id: str
    task_queue: str
    summary: str
    execution_timeout: timedelta
    argument: dict[str, Any]
    times: tuple[Utc, ...]
    progress: BackfillProgress | None = None


class BackfillProgress(Wire):
    """The answer to the query `progress`: how many nominal times there are, and what became of them.

    `failed` runs ended without a result, `running` ones ran already; `now` is the nominal time that is made up for.
    """

    schedule: str
    total: int = Field(ge=0)
    done: int = 0
    failed: int = 0
    running: int = 0
    now: Utc | None = None

    @property
    def over(self) -> int:
        """How many nominal times are dealt with."""
        return self.done + self.failed + self.running


BackfillInput.model_rebuild()
