"""Every metric of our own: its name, unit, attributes and meaning.

Attributes are kinds, results and classes, never ids of people or addresses (SPEC section 13). Prometheus shows the
names with underscores and the unit: `relance_mails_total`, `relance_mail_duration_seconds`.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from relance.domain.failures import Failure, FailureClass, Source
from relance.domain.invitation import MailKind
from relance.ports import Deferred, Failed, Result, Uncertain

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
GROUP_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)

_STATM = Path("/proc/self/statm")


class Instruments:
    """The instruments of one process; satisfies `ports.Meter`."""

    def __init__(self, meter: Meter) -> None:
        self._mails = meter.create_counter(
            "relance.mails", "{mail}", "Mails handed to the relay, by kind, result and class of failure."
        )
        self._mail_duration = meter.create_histogram(
            "relance.mail.duration",
            "s",
            "From handing a mail over to the relay's answer, by kind.",
            explicit_bucket_boundaries_advisory=SECONDS,
        )
        self._errors = meter.create_counter(
            "relance.errors",
            "{error}",
            "Errors by class and source (docs/errors.md): mails not accepted, activities failed.",
        )
        self._group_size = meter.create_histogram(
            "relance.ledger.group.size",
            "{entry}",
            "Claims and results that shared one round trip to the database.",
            explicit_bucket_boundaries_advisory=GROUP_SIZES,
        )
        self._group_duration = meter.create_histogram(
            "relance.ledger.group.duration",
            "s",
            "One round trip of the ledger.",
            explicit_bucket_boundaries_advisory=SECONDS,
        )
        self._follow_ups = meter.create_counter(
            "relance.follow_ups.started", "{follow-up}", "Follow-up workflows started."
        )
        self._reminder_skips = meter.create_counter(
            "relance.reminders.skipped", "{reminder}", "Reminders that came due and were not sent, by kind and reason."
        )
        self._uncertain = meter.create_counter(
            "relance.uncertain", "{mail}", "Mails whose reply was lost, by what the relay's log said of them (SPEC X4)."
        )
        self._plan_notes = meter.create_counter(
            "relance.plan.notes", "{note}", "Fall-backs while planning (SPEC C3), by code."
        )
        self._meter = meter
        meter.create_observable_gauge("relance.worker.rss", [_observe_rss], "By", "Resident memory of this process.")

    def mail(self, kind: MailKind, result: Result, seconds: float) -> None:
        """Count one mail handed to the relay."""
        failure = result.failure if isinstance(result, Deferred | Failed | Uncertain) else None
        self._mails.add(1, _mail_attributes(kind, type(result).__name__, failure.class_ if failure else "none"))
        if failure is not None:
            self.error(failure)
        self._mail_duration.record(seconds, _kind(kind))

    def error(self, failure: Failure) -> None:
        """Count one error."""
        self._errors.add(1, _error_attributes(failure.class_, failure.source))

    def ledger_group(self, size: int, seconds: float) -> None:
        """Record one round trip of the ledger and how many callers shared it."""
        self._group_size.record(size)
        self._group_duration.record(seconds)

    def watch_breakers(self, states: Callable[[], Mapping[str, int]]) -> None:
        """Show these breakers, by name: 0 closed, 1 half-open, 2 open."""

        def observe(_: CallbackOptions) -> Iterable[Observation]:
            return [Observation(int(state), {"name": name}) for name, state in states().items()]

        self._meter.create_observable_gauge(
            "relance.breaker.state", [observe], "", "State of a circuit breaker: 0 closed, 1 half-open, 2 open."
        )

    def follow_up_started(self) -> None:
        """Count one follow-up."""
        self._follow_ups.add(1)

    def reminder_skipped(self, kind: MailKind, reason: str) -> None:
        """Count one reminder that was due and not sent; `reason` is a code."""
        self._reminder_skips.add(1, {"kind": kind, "reason": reason})

    def uncertain(self, kind: MailKind, outcome: str) -> None:
        """Count one mail in doubt that was settled."""
        self._uncertain.add(1, {"kind": kind, "outcome": outcome})

    def plan_notes(self, notes: Mapping[str, int]) -> None:
        """Count the notes of one planning run, by code."""
        for code, count in notes.items():
            self._plan_notes.add(count, {"code": code})


def rss_bytes() -> int:
    """Return the resident set of this process now; where the system does not tell, its largest so far."""
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _observe_rss(_: CallbackOptions) -> Iterable[Observation]:
    return [Observation(rss_bytes())]


@cache
def _error_attributes(class_: FailureClass, source: Source) -> dict[str, str]:
    return {"class": str(class_), "source": str(source)}


@cache
def _kind(kind: MailKind) -> dict[str, str]:
    return {"kind": str(kind)}


@cache
def _mail_attributes(kind: MailKind, result: str, failure: str) -> dict[str, str]:
    return {"kind": str(kind), "result": result.lower(), "class": str(failure)}
