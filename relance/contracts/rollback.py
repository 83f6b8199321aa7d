"""What travels when a cycle is cancelled or rolled back: counts only."""

from __future__ import annotations

from pydantic import Field

from relance.domain.base import Period, Utc, Wire


class GiveUpInput(Wire):
    """Asks to give up what the period's control gives up; `at` is the workflow's time."""

    period: Period
    at: Utc


class GivenUp(Wire):
    """What was changed over all attempts, by `<collection>.<status before>`; `in_flight` is still to be waited for."""

    changes: dict[str, int] = Field(default_factory=dict)
    in_flight: int = 0
