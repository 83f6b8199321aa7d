"""What the audit of the jobs asks the server's Schedules, and what it remembers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from relance.domain.job_audit import AuditMark, Execution, Watched


class NominalTimes(Protocol):
    """The Schedules on the server: when they were to act, and what they started."""

    async def schedule(self, job: str) -> Watched | None:
        """Return a job's Schedule; None if the server has none."""

    async def matching(self, job: str, after: datetime, until: datetime) -> tuple[Sequence[datetime], datetime]:
        """Return nominal times later than `after`, in their order, and up to which instant these are all."""

    async def execution(self, schedule: Watched, nominal: datetime) -> Execution | None:
        """Return the run of a nominal time, started by the Schedule or by hand; None if there was none."""

    async def executions(self, schedule: Watched, since: datetime) -> list[Execution]:
        """Return the runs of a Schedule that were not over at `since`, as far as the server's index knows them."""


class AuditMarks(Protocol):
    """How far each job is audited."""

    async def get(self, job: str) -> AuditMark | None:
        """Return how far; None if it never was."""

    async def put(self, mark: AuditMark) -> None:
        """Remember how far."""
