"""What travels to and from the workflow that wakes the follow-ups a pause has held (SPEC C11)."""

from __future__ import annotations

from relance.domain.base import Period, Wire


class WakeInput(Wire):
    """Input of WakeFollowUps."""

    period: Period


class WakeResult(Wire):
    """How many users had something due, how many of their follow-ups were woken, and how many do not run.

    `stopped`: the cycle was paused or rolled back meanwhile, and the rest was left asleep.
    """

    users: int = 0
    woken: int = 0
    missing: int = 0
    stopped: bool = False
