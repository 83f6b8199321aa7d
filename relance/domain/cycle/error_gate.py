"""The error gate: a canary first, then the share of failures over the last results (SPEC C10).

The canary and the window belong to the cycle. Every process writes the results of its mails, and reads those of the
others. `GateState` is the shared record; this module computes its next state.

What counts is independent of one address book: of one user's mails in the window at most one counts as failed, and an
address that the relay cannot write to never does. Final errors count whosever fault they are: an address book gone bad
harms the sender's reputation as well; but one user alone closes nothing, whatever the share. A fault that is certainly
our own configuration stops the cycle at once. The share is judged from as many results as the canary has.

Reminders and later tries count in the same window. Of later tries only what is about us or the mail counts as failed:
those who were put off before are no sample of all, and a provider that was away until the tries ran out says nothing
about the others.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from pydantic import Field

from relance.domain.base import Document, Utc
from relance.domain.cycle.control import Control
from relance.domain.failures import Failure, FailureClass, Source, Strategy


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """`canary` mails go first and alone; failing users above `share` of the last `size` results stop. Size 0: never."""

    canary: int = 200
    size: int = 500
    share: Decimal = Decimal("0.01")

    @property
    def least(self) -> int:
        """How many results there must be before their share says anything."""
        return min(self.canary or self.size, self.size)


class Trip(Document):
    """Why the gate closed: mails of `failed` users failed among the last `results`, or the code of our own fault."""

    failed: int
    results: int
    fault: str | None = None
    remedy: str = ""

    @property
    def words(self) -> str:
        """Why, for a person."""
        if self.fault is None:
            share = self.failed / self.results
            users = "1 user" if self.failed == 1 else f"{self.failed} users"
            return f"mails of {users} failed for good among the last {self.results} ({share:.1%})"
        asked = f": {self.remedy}" if self.remedy else ""
        return f"nothing can be sent with our own configuration ({self.fault}){asked}"


def is_own_fault(failure: Failure) -> bool:
    """Return whether a failure is certainly our own: authentication, authorisation, block lists, TLS."""
    return failure.source is Source.SMTP and failure.strategy is Strategy.PAUSE_AND_ALERT


ABOUT_THE_MAILBOX = frozenset(
    {
        FailureClass.HARD_RECIPIENT,
        FailureClass.SOFT_RECIPIENT,
        FailureClass.THROTTLED,
        FailureClass.TRANSPORT,
    }
)
"""Of a mailbox or its provider, when a mail that was put off before fails for good."""


def counts_as_failed(failure: Failure, *, again: bool = False) -> bool:
    """Return whether a final failure counts; `again`: of a mail that had been tried before.

    What our relay cannot write to says nothing about us or the addresses.
    """
    if failure.class_ is FailureClass.UNSUPPORTED:
        return False
    return not (again and failure.class_ in ABOUT_THE_MAILBOX)


class Failing(Document):
    """A user with a mail that failed for good: the newest one was result number `at` of the stretch."""

    user: str
    at: int


class UnderWay(Document):
    """Mails of the canary that one process was granted and has not reported yet; `beat` grows while it lives."""

    process: str
    mails: int
    beat: int


class GateState(Document):
    """What all processes know of one stretch of a cycle, from one decision of a person to the next.

    `known` counts every mail with an outcome, `results` those that were accepted or refused for good.
    """

    id: str = Field(alias="_id")
    version: int = 0
    known: int = 0
    results: int = 0
    failing: tuple[Failing, ...] = ()
    under_way: tuple[UnderWay, ...] = ()
    trip: Trip | None = None
    at: Utc | None = None

    def is_open(self, policy: GatePolicy) -> bool:
        """Whether the canary is over."""
        return not policy.size or self.known >= policy.canary


def stretch_id(control: Control) -> str:
    """Return the id of the state of the current stretch of a cycle."""
    return f"{control.id}/{control.at.isoformat() if control.at else 'begun'}"


@dataclass(frozen=True, slots=True)
class GateReport:
    """The results of a process since its last report; `failed` are (user, number of the result among these)."""

    known: int = 0
    results: int = 0
    failed: tuple[tuple[str, int], ...] = ()

    def then(self, later: GateReport) -> GateReport:
        """Return both as one."""
        moved = tuple((user, self.results + number) for user, number in later.failed)
        return GateReport(self.known + later.known, self.results + later.results, self.failed + moved)


@dataclass(frozen=True, slots=True)
class Asking:
    """The request of a process: `mails` are in progress, and it `wants` so many more."""

    process: str
    beat: int
    mails: int = 0
    wants: int = 0


def advanced(
    state: GateState, report: GateReport, asking: Asking, gone: Collection[str], policy: GatePolicy
) -> tuple[GateState, int]:
    """Return the state after the report of a process, and how many mails of the canary it may send.

    `gone` are the processes that nobody hears of any more: what they were granted is granted again.
    """
    failing, trip = _judged(state, report, policy)
    known = state.known + report.known
    others = tuple(attempt for attempt in state.under_way if attempt.process not in {asking.process, *gone})
    room = policy.canary - known - asking.mails - sum(attempt.mails for attempt in others)
    granted = 0 if trip else max(0, min(asking.wants, room))
    mine = UnderWay(process=asking.process, mails=asking.mails + granted, beat=asking.beat)
    return (
        state.model_copy(
            update={
                "version": state.version + 1,
                "known": known,
                "results": state.results + report.results,
                "failing": failing,
                # Once the canary is over no process asks any more.
                "under_way": (*others, mine) if known < policy.canary else (),
                "trip": trip,
            }
        ),
        granted,
    )


def _judged(state: GateState, report: GateReport, policy: GatePolicy) -> tuple[tuple[Failing, ...], Trip | None]:
    """Look at the window at each result that could close the gate: a failure, and the first that there are enough."""
    marks: list[tuple[int, str | None]] = [(state.results + number, user) for user, number in report.failed]
    if state.results < policy.least <= state.results + report.results:
        marks = sorted([*marks, (policy.least, None)], key=lambda mark: (mark[0], mark[1] is None))
    newest = {failure.user: failure.at for failure in state.failing}
    trip = state.trip
    for at, user in marks:
        if user is not None:
            newest[user] = at
        newest = {user: last for user, last in newest.items() if last > at - policy.size}
        results = min(at, policy.size)
        if trip is None and 0 < policy.least <= at and len(newest) > 1 and len(newest) > policy.share * results:
            trip = Trip(failed=len(newest), results=results)
    return tuple(Failing(user=user, at=last) for user, last in newest.items()), trip
