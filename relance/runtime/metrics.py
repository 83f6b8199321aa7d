"""The instruments of one process: what the catalogue names, counted and shown.

What happens per mail is counted in a plain dictionary and read when somebody asks: an SDK counter costs as much as the
histogram beside it, at a thousand mails a second one percent of the interpreter's time.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from itertools import product
from pathlib import Path
from typing import TypeAlias

from opentelemetry.metrics import CallbackOptions, Counter, Histogram, Meter, Observation

from relance.contracts.names import MONTHLY_SCHEDULE, CheckName, JobName
from relance.domain.failures import Failure, FailureClass, Source
from relance.domain.invitations.invitation import MailKind, Verdict
from relance.domain.jobs.run import DONE, FAILED
from relance.domain.mail.providers import OTHER
from relance.ports import Deferred, Failed, Lag, Result, Sent, Uncertain
from relance.runtime import catalogue
from relance.runtime.metric import Metric

HEALTH_SHOWN = 3600.0
"""Seconds: another worker may do the next check, and what this one knew must not stay for ever."""

_OURS = (FailureClass.CONFIGURATION, FailureClass.SENDER_FAULT, FailureClass.BUG)
_JOBS = (MONTHLY_SCHEDULE, *CheckName, *JobName)
_SKIPPED = "skipped"
_STATM = Path("/proc/self/statm")

_Mail: TypeAlias = tuple[MailKind, type[Result], FailureClass | None, str]


class Instruments:
    """The instruments of one process; satisfies `ports.Meter`."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._mails: dict[_Mail, int] = {(kind, Sent, None, OTHER): 0 for kind in MailKind}
        self._probes: dict[str, tuple[str, float]] = {}
        self._last_runs: dict[str, float] = {}
        self._unreadable: dict[str, int] = {}
        self._unreadable_at = 0.0
        self._outbox = Lag()
        self._outbox_lag = 0.0
        self._mail_duration = self._histogram(catalogue.MAIL_DURATION)
        self._mail_wait = self._histogram(catalogue.MAIL_WAIT)
        self._claim_wait = self._histogram(catalogue.CLAIM_WAIT)
        self._group_size = self._histogram(catalogue.GROUP_SIZE)
        self._group_duration = self._histogram(catalogue.GROUP_DURATION)
        self._job_duration = self._histogram(catalogue.JOB_DURATION)
        self._errors = self._counter(catalogue.ERRORS)
        self._follow_ups = self._counter(catalogue.FOLLOW_UPS)
        self._reminder_skips = self._counter(catalogue.REMINDER_SKIPS)
        self._uncertain = self._counter(catalogue.UNCERTAIN)
        self._plan_notes = self._counter(catalogue.PLAN_NOTES)
        self._names_withheld = self._counter(catalogue.NAMES_WITHHELD)
        self._job_runs = self._counter(catalogue.JOB_RUNS)
        self._alerts = self._counter(catalogue.ALERTS)
        self._alert_messages = self._counter(catalogue.ALERT_MESSAGES)
        self._quarantined = self._counter(catalogue.QUARANTINED)
        self._intake = self._counter(catalogue.INTAKE)
        self._intake_refused = self._counter(catalogue.INTAKE_REFUSED)
        self._chat_refused = self._counter(catalogue.CHAT_REFUSED)
        mails = catalogue.MAILS
        meter.create_observable_counter(mails.name, [self._observe_mails], mails.unit, mails.meaning)
        self._gauge(catalogue.HEALTH, self._observe_probes)
        self._gauge(catalogue.QUARANTINE, self._observe_unreadable)
        self._gauge(catalogue.JOB_LAST, self._observe_last_runs)
        self._gauge(catalogue.OUTBOX, lambda _: [Observation(self._outbox.waiting)])
        self._gauge(catalogue.OUTBOX_LAG, lambda _: [Observation(self._outbox_lag)])
        self._gauge(catalogue.WORKER_RSS, _observe_rss)
        self._start_at_zero()

    def mail(self, kind: MailKind, result: Result, seconds: float, provider: str, waited: float) -> None:
        """Count one mail handed to the relay."""
        failure = result.failure if isinstance(result, Deferred | Failed | Uncertain) else None
        key = (kind, type(result), failure.class_ if failure else None, provider)
        self._mails[key] = self._mails.get(key, 0) + 1
        if failure is not None:
            self.error(failure)
        attributes = _kind(kind)
        self._mail_duration.record(seconds, attributes)
        self._mail_wait.record(waited, attributes)

    def error(self, failure: Failure) -> None:
        """Count one error."""
        self._errors.add(1, _error_attributes(failure.class_, failure.source))

    def ledger_group(self, size: int, waited: float, seconds: float) -> None:
        """Record one round trip of the ledger: how many shared it, how long the first of them waited in all."""
        self._group_size.record(size)
        self._group_duration.record(seconds)
        self._claim_wait.record(waited)

    def watch_breakers(self, states: Callable[[], Mapping[str, int]]) -> None:
        """Show these breakers, by name: 0 closed, 1 half-open, 2 open."""

        def observe(_: CallbackOptions) -> Iterable[Observation]:
            return [Observation(int(state), {"name": name}) for name, state in states().items()]

        self._gauge(catalogue.BREAKER, observe)

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

    def name_withheld(self, whose: str) -> None:
        """Count one name that was not put into a mail."""
        self._names_withheld.add(1, {"whose": whose})

    def job_run(self, job: str, state: str, seconds: float | None) -> None:
        """Count one recorded run of a job, and how long it took if it ran."""
        # What is in brackets is for people: `skipped(no worker in time)`.
        attributes = {"job_name": job, "state": state.partition("(")[0]}
        self._job_runs.add(1, attributes)
        self._last_runs[job] = time.time()
        if seconds is not None:
            self._job_duration.record(seconds, attributes)

    def alert_event(self, rule: str, event: str, reason: str | None) -> None:
        """Count one thing that happened to an alert; `reason` is a code, of what was suppressed."""
        self._alerts.add(1, {"rule": rule, "event": event, "reason": reason or "none"})

    def alert_message(self, channel: str, result: str) -> None:
        """Count one try to hand a message to a channel."""
        self._alert_messages.add(1, {"channel": channel, "result": result})

    def health(self, probe: str, state: str) -> None:
        """Show the state of a probe, for an hour or until it is set again."""
        self._probes[probe] = (state, time.monotonic())

    def unreadable(self, counts: Mapping[str, int]) -> None:
        """Show how many documents of each collection cannot be read, 0 of those that had some."""
        self._unreadable = {**dict.fromkeys(self._unreadable, 0), **counts}
        self._unreadable_at = time.monotonic()

    def outbox(self, lag: Lag, at: datetime) -> None:
        """Show how far behind the outbox is."""
        self._outbox, self._outbox_lag = lag, lag.seconds(at)

    def quarantined(self, collection: str, count: int) -> None:
        """Count documents that were set aside for the first time."""
        self._quarantined.add(count, {"collection": collection})

    def intake_message(self, kind: str, outcome: str) -> None:
        """Count one message that came back; both are codes."""
        self._intake.add(1, {"kind": kind, "outcome": outcome})

    def intake_refused(self, reason: str) -> None:
        """Count one message or call that was not taken; `reason` is a code."""
        self._intake_refused.add(1, {"reason": reason})

    def chat_refused(self, reason: str) -> None:
        """Count one call of a chat that was not taken, or whose answer was not; `reason` is a code."""
        self._chat_refused.add(1, {"reason": reason})

    def _counter(self, metric: Metric) -> Counter:
        return self._meter.create_counter(metric.name, metric.unit, metric.meaning)

    def _histogram(self, metric: Metric) -> Histogram:
        return self._meter.create_histogram(
            metric.name, metric.unit, metric.meaning, explicit_bucket_boundaries_advisory=metric.bounds
        )

    def _gauge(self, metric: Metric, observe: Callable[[CallbackOptions], Iterable[Observation]]) -> None:
        self._meter.create_observable_gauge(metric.name, [observe], metric.unit, metric.meaning)

    def _start_at_zero(self) -> None:
        """Show what alerts are about before it happens: Prometheus takes no notice of a series' first value."""
        for class_, source in product(_OURS, Source):
            self._errors.add(0, _error_attributes(class_, source))
        for kind, outcome in product(MailKind, (Verdict.ARRIVED, Verdict.ABSENT, Verdict.UNKNOWN)):
            self._uncertain.add(0, {"kind": kind, "outcome": outcome})
        for job, state in product(_JOBS, (*sorted(DONE), FAILED, _SKIPPED)):
            self._job_runs.add(0, {"job_name": job, "state": state})

    def _observe_mails(self, _: CallbackOptions) -> Iterable[Observation]:
        counts = list(self._mails.items())
        return [
            Observation(count, _mail_attributes(kind, result, class_, provider))
            for (kind, result, class_, provider), count in counts
        ]

    def _observe_probes(self, _: CallbackOptions) -> Iterable[Observation]:
        since = time.monotonic() - HEALTH_SHOWN
        known = list(self._probes.items())
        return [Observation(1, {"probe": probe, "state": state}) for probe, (state, at) in known if at >= since]

    def _observe_unreadable(self, _: CallbackOptions) -> Iterable[Observation]:
        if not self._unreadable or time.monotonic() - self._unreadable_at > HEALTH_SHOWN:
            return []
        return [Observation(count, {"collection": name}) for name, count in self._unreadable.items()]

    def _observe_last_runs(self, _: CallbackOptions) -> Iterable[Observation]:
        return [Observation(at, {"job_name": job}) for job, at in list(self._last_runs.items())]


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


def _mail_attributes(kind: MailKind, result: type, class_: FailureClass | None, provider: str) -> dict[str, str]:
    return {
        "kind": str(kind),
        "result": result.__name__.lower(),
        "class": str(class_) if class_ else "none",
        "provider": provider,
    }
