"""What is kept, for whoever takes it away when its time is over (SPEC H1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from relance.domain.retention import Sweep, Unsettled


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
        """Tell whether anything of a period is not anonymous yet."""

    async def count(self, sweep: Sweep, *, before: datetime, periods: Sequence[str]) -> int:
        """Count what a sweep would change, without changing anything."""

    async def sweep(self, sweep: Sweep, *, before: datetime, periods: Sequence[str], size: int) -> int:
        """Delete or anonymise the next documents, at most `size`; return how many, 0 when none is left."""

    async def end_anonymising(self, periods: Sequence[str]) -> None:
        """Forget the key by which these periods' names were replaced, and who has invited which mailbox.

        From now on nobody can tell who was who.
        """
