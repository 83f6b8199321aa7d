"""The ways in which a report can be broken: failures of the server, answers that lie, reports that are cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from relance.contracts.names import CheckName
from relance.devstack.everflow.faults import (
    REPORTING,
    TABLE,
    Cut,
    ErrorBody,
    Fault,
    MissingRows,
    Slow,
    Stale,
    StatusFault,
    TruncatedJson,
    WrongShape,
    WrongZone,
)

SILENCE_S = 30.0
"""Longer than any worker of these runs waits."""

CALL_S = 4.0
"""What a worker of these runs waits for an answer: 10,000 rows take about a second, and three on a busy machine."""
PATIENCE, LONG_PATIENCE = timedelta(seconds=3), timedelta(seconds=2.5 * CALL_S)
API_LIMIT = 10_000
PARTNERS = (201, 202, 205, 376)
SHAPES = ("flat", "nested", "column_missing", "column_extra", "no_figures", "repeated")
ZONES = ("America/New_York", "UTC", "Asia/Tokyo")
# A look asks for the totals, then for the table; Paused partner does so for both of its windows.
_WINDOWS = {CheckName.DEFAULT_LP: 1, CheckName.PAUSED_PARTNER: 2}


@dataclass(frozen=True, slots=True)
class Kind:
    """One way; `fault` gives that of a run by its number.

    `crowded` needs a network with more rows than the API delivers: that never passes. A passing one happens at most
    `most_times`, which leaves time for a sound look before the `patience` is over.
    """

    name: str
    fault: Callable[[int], Fault]
    crowded: bool = False
    # The server's timers add up to a second to each retry.
    most_times: int = 2
    patience: timedelta = PATIENCE

    def calls(self, check: CheckName) -> int:
        """Return how many calls of one look this could strike."""
        return _WINDOWS[check] * (1 if self.fault(0).path == TABLE else 2)


# The crowded ones apart, so that few of them run at once: each is a second of work for the network.
KINDS = (
    Kind("10000-rows-flagged", lambda _: Cut(rows=API_LIMIT), crowded=True, patience=LONG_PATIENCE),
    Kind("429-retry-after", lambda _: StatusFault(path=REPORTING, code=429, retry_after="1"), most_times=1),
    Kind("429", lambda _: StatusFault(path=REPORTING, code=429, error="Too many requests"), most_times=1),
    Kind("500", lambda _: StatusFault(path=REPORTING, code=500, error="Internal error")),
    Kind("502-html", lambda _: StatusFault(path=REPORTING, code=502, html=True)),
    Kind("timeout", lambda _: Slow(path=REPORTING, seconds=SILENCE_S), most_times=1, patience=LONG_PATIENCE),
    Kind("truncated-json", lambda _: TruncatedJson()),
    Kind("missing-rows", lambda _: MissingRows()),
    Kind("missing-partner", lambda n: MissingRows(partners=(PARTNERS[n % len(PARTNERS)],))),
    Kind("cut-flagged", lambda n: Cut(rows=n % 7)),
    Kind("cut-unflagged", lambda n: Cut(rows=n % 7, flagged=False)),
    Kind("10000-rows-unflagged", lambda _: Cut(rows=API_LIMIT, flagged=False), crowded=True, patience=LONG_PATIENCE),
    Kind("wrong-shape", lambda n: WrongShape(shape=SHAPES[n % len(SHAPES)])),
    Kind("stale", lambda n: Stale(days=(1, 7, 2, 14)[n % 4])),
    Kind("wrong-zone", lambda n: WrongZone(zone=ZONES[n % len(ZONES)])),
    Kind("error-body", lambda _: ErrorBody(spelling="error", error="Internal error")),
    Kind("error-body-capital", lambda _: ErrorBody(spelling="Error", error="Internal error")),
    Kind(
        "401", lambda _: StatusFault(path=REPORTING, code=401, error="No Authentication Method Found", spelling="error")
    ),
)
