"""Which reports people have got."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class PostedReports(Protocol):
    """One record per report; decides who posts it."""

    async def take(self, key: str, job: str, nominal: datetime, owner: str, at: datetime, *, stale: datetime) -> bool:
        """Take a report on; False if it is posted, or if another owner took it on after `stale`.

        The same owner may take it as often as it likes.
        """

    async def done(self, key: str, owner: str) -> None:
        """Record that a report of this owner is posted."""

    async def give_up(self, key: str, owner: str) -> None:
        """Leave a report that was not posted to whoever takes it on next."""

    async def last(self, job: str, before: datetime) -> datetime | None:
        """Return the nominal time of the newest posted report of a job before an instant."""
