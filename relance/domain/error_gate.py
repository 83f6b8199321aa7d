"""When errors stop a cycle: a canary first, then a share over the last results (SPEC C10).

Final errors are mails refused for good, whosever fault they are: an address book gone bad harms the sender's reputation
as well. A fault that is certainly our own configuration stops the cycle at once. The share is judged from as many
results as the canary has, so that one bounce in a small cycle stops nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import Decimal

from relance.domain.failures import Failure, FailureClass, Severity


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """`canary` mails go first and alone; more than `share` of the last `size` failing stops. Size 0: never."""

    canary: int = 200
    size: int = 500
    share: Decimal = Decimal("0.01")

    @property
    def least(self) -> int:
        """How many results there must be before their share says anything."""
        return min(self.canary or self.size, self.size)


@dataclass(frozen=True, slots=True)
class Trip:
    """Why the gate closed: `failed` of the last `results`, or the code of a fault of our own."""

    failed: int
    results: int
    fault: str | None = None

    @property
    def words(self) -> str:
        """Why, for a person."""
        if self.fault is not None:
            return f"the relay refuses our own configuration ({self.fault})"
        return f"{self.failed} of the last {self.results} mails failed for good ({self.failed / self.results:.1%})"


def is_own_fault(failure: Failure) -> bool:
    """Tell whether a failure is certainly our own configuration: authentication, authorisation, block lists."""
    return failure.class_ is FailureClass.SENDER_FAULT and failure.severity is Severity.CRITICAL


class ErrorGate:
    """Lets mails through until too many fail; a closed gate stays closed."""

    def __init__(self, policy: GatePolicy) -> None:
        self._policy = policy
        self._results: deque[bool] = deque()
        self._failures = 0
        self._admitted = 0
        self._known = 0
        self.trip: Trip | None = None

    def admit(self) -> bool:
        """Let one mail through, if the gate is open and the canary has room or is over."""
        if self.trip is not None:
            return False
        if self._policy.size and self._known < self._policy.canary <= self._admitted:
            return False
        self._admitted += 1
        return True

    def give_back(self) -> None:
        """Take back an admission: the mail was not sent."""
        self._admitted -= 1

    def succeeded(self) -> None:
        """Count an accepted mail."""
        self._count(failed=False)

    def undecided(self) -> None:
        """Count a mail without a final result: it counts for the canary only."""
        self._known += 1

    def failed(self) -> None:
        """Count a mail refused for good."""
        self._count(failed=True)

    def refused_us(self, failure: Failure) -> None:
        """Close if a failure is our own, whatever became of its mail."""
        if self._policy.size and self.trip is None and is_own_fault(failure):
            self.trip = Trip(self._failures, len(self._results), failure.code)

    def _count(self, *, failed: bool) -> None:
        self._known += 1
        self._results.append(failed)
        self._failures += failed
        if len(self._results) > self._policy.size:
            self._failures -= self._results.popleft()
        results = len(self._results)
        if self.trip is None and 0 < self._policy.least <= results and self._failures > self._policy.share * results:
            self.trip = Trip(self._failures, results)
