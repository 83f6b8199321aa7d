"""Whether due steps may run in a local activity, that is within a workflow task of this process.

A workflow task that sends mails is one that no other workflow can have. So it gives back after a few seconds what it
has not done, and while the relay is slow none is begun: the mail queue has time, and as many places as it takes.
"""

from __future__ import annotations

import asyncio

LONGEST_S = 5.0
"""A mail that is under way by then is waited for, but none is begun."""

REST_S = 30.0
"""How long none is begun after one that was too slow."""


class LocalSteps:
    """One per process."""

    def __init__(self) -> None:
        self._rests_until = float("-inf")

    def deadline(self) -> float | None:
        """Return until when steps that begin now may begin mails, in the loop's time; None if they are not to begin."""
        now = asyncio.get_running_loop().time()
        return now + LONGEST_S if now >= self._rests_until else None

    def rest(self) -> None:
        """Begin none for a while: the relay is slow, or does not answer."""
        self._rests_until = asyncio.get_running_loop().time() + REST_S
