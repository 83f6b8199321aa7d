"""What a cycle remembers about its waves, and what it notes when it cannot go on with them."""

from __future__ import annotations

from relance.domain.base import Period, Utc, Wire


class PutOffInstant(Wire):
    """An instant whose waves leave plans open: how often in a row, and how many planning passes it still waits."""

    instant: Utc
    times: int = 1
    passes: int = 1


class WaveHour(Wire):
    """How many waves a cycle has started since an instant, for at most an hour.

    `told` says that people were notified that these are too many.
    """

    since: Utc
    waves: int = 0
    told: bool = False


class LeftInput(Wire):
    """Notes that a cycle ends, or stands still, before its work is done; `waves` if it started too many in an hour."""

    period: Period
    at: Utc
    waves: int = 0
    limit: int = 0
