"""Jobs: their records, their nominal times, the reports they have posted, and what is kept of old periods."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from relance.contracts.cycle import CycleStatistics
from relance.domain.jobs.audit import AuditMark, Execution, Watched
from relance.domain.jobs.retention import Sweep, Unsettled
from relance.domain.jobs.run import JobRun


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


class PostedReports(Protocol):
    """One record per report; decides who posts it."""

    async def take(self, key: str, job: str, nominal: datetime, owner: str, at: datetime, *, stale: datetime) -> bool:
        """Take a report on; False if it is posted, or if another owner took it on after `stale`.

        The same owner may take it as often as it likes.
        """

    async def done(self, key: str, owner: str) -> None:
        """Record that a report of this owner is posted."""

    async def give_up(self, key: str, owner: str) -> None:
        """Release a report that was not posted, so that another run can take it."""

    async def last(self, job: str, before: datetime) -> datetime | None:
        """Return the nominal time of the newest posted report of a job before an instant."""


class Overdue(NamedTuple):
    """An invitation past its expiry."""

    id: str
    user_id: str


class Archive(Protocol):
    """Everything we store, by age and by period.

    `before` is the instant a sweep goes by: the age of documents, or for whole periods that of the timers that count as
    over.
    """

    async def periods(self) -> list[str]:
        """Return the periods of which there are plans or invitations, in order."""

    async def overdue(self, period: str, after: str, size: int, before: datetime) -> list[Overdue]:
        """Return invitations that wait for an answer and should have expired before then, in order of id."""

    async def unsettled(self, period: str, *, timers_after: datetime, doubts_since: datetime) -> Unsettled:
        """Count what is open of a period: timers that end after an instant, doubts that began after another."""

    async def has_names(self, period: str) -> bool:
        """Return whether anything of a period is not anonymous yet."""

    async def count(self, sweep: Sweep, *, before: datetime, periods: Sequence[str]) -> int:
        """Count what a sweep would change, without changing anything."""

    async def sweep(self, sweep: Sweep, *, before: datetime, periods: Sequence[str], size: int) -> int:
        """Delete or anonymise the next documents, at most `size`; return how many, 0 when none is left."""

    async def end_anonymising(self, periods: Sequence[str]) -> None:
        """Forget the key by which these periods' names were replaced, and who has invited which mailbox.

        From now on nobody can tell who was who.
        """


class JobRuns(Protocol):
    """One record per nominal time of every job (SPEC H3)."""

    async def record(self, run: JobRun) -> bool:
        """Record a run once; return whether this call wrote anything.

        A run that was done takes the place of one of the same nominal time that was not (`domain.job_run.improves`).
        """

    async def recorded(self, job: str, nominals: Collection[datetime]) -> set[datetime]:
        """Return which of these nominal times have a record."""

    async def runs(self, *, job: str | None = None, since: datetime | None = None, limit: int = 100) -> list[JobRun]:
        """Return recorded runs, of one job or of all, newest nominal time first."""

    async def store_statistics(self, statistics: CycleStatistics, at: datetime) -> None:
        """Store how a cycle ended, replacing an earlier report of the period."""

    async def statistics(self, period: str) -> CycleStatistics | None:
        """Return the stored report of a period."""

    async def cycles(self, until: str, limit: int) -> list[CycleStatistics]:
        """Return the stored reports up to a period, oldest first, the newest so many."""
