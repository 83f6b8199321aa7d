"""What travels when people are recorded who got no mail: a period and counts."""

from __future__ import annotations

from relance.domain.base import Period, Utc, Wire


class UnsentInput(Wire):
    """Asks to record why people of a period got no mail; its cycle sends no more. `at` is the workflow's time."""

    period: Period
    at: Utc


class UnsentResult(Wire):
    """How many users were looked at, and how many entries were written for contacts that had none."""

    users: int = 0
    entries: int = 0
