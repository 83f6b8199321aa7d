"""Routes: which alerts go to which channels, and the quiet hours, which only critical alerts break (SPEC A2, A5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from fnmatch import fnmatchcase
from itertools import product
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from relance.domain.alerts.model import Rule
from relance.domain.base import Wire
from relance.domain.failures import Severity
from relance.domain.zones import instant_at, is_zone, zone_info

DEFAULT: Final = "default"
"""The name of what gets everything that no route takes: the channels of the settings."""

CYCLE_REPORT: Final = "cycle-report"
REPORTS: Final = (CYCLE_REPORT, "digest", "noise-report")
"""What people get without asking is routed like an alert of this rule, of severity low."""

KNOWN: Final = (*map(str, Rule), *REPORTS)
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)(?: (\S+))?")

Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
RouteName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class QuietHours(Wire):
    """A part of every day, by the clocks of a zone; one that ends before it begins ends on the next day."""

    start: Clock
    end: Clock
    zone: str

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.start == self.end:
            raise ValueError("quiet hours begin and end at the same time; name two different ones")
        if not is_zone(self.zone):
            raise ValueError(f"{self.zone!r} is not a time zone of the IANA database")
        return self

    def __str__(self) -> str:
        return f"{self.start}-{self.end} {self.zone}"

    def until(self, now: datetime) -> datetime | None:
        """Return when the quiet hours that hold now are over; None if none do.

        A time that a clock change skips or doubles is as in SPEC C3.
        """
        start, end = time.fromisoformat(self.start), time.fromisoformat(self.end)
        today = now.astimezone(zone_info(self.zone)).date()
        for day in (today - timedelta(days=1), today):
            last = day if start < end else day + timedelta(days=1)
            over = instant_at(last, end, self.zone)
            if instant_at(day, start, self.zone) <= now < over:
                return over
        return None

    def last_end(self, now: datetime) -> datetime:
        """Return when the last quiet hours before now were over."""
        today = now.astimezone(zone_info(self.zone)).date()
        ends = (instant_at(today - timedelta(days=back), time.fromisoformat(self.end), self.zone) for back in (0, 1, 2))
        return next(end for end in ends if end <= now)


class AlertRoute(Wire):
    """Which alerts go to which channels; `*` in rules and groups stands for anything.

    All of `always` get every message, of `order` the first that takes it; the next channel is notified too when nobody
    acknowledges. A channel is `slack`, or one of its recipients: `slack:desk`. In the quiet hours whatever is not
    critical waits for their end.
    """

    name: RouteName
    rules: tuple[Pattern, ...] = Field(("*",), min_length=1)
    groups: tuple[Pattern, ...] = Field(("*",), min_length=1)
    severities: tuple[Severity, ...] = Field(tuple(Severity), min_length=1)
    always: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    quiet: QuietHours | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """Every channel once, those that always get a message first."""
        return tuple(dict.fromkeys((*self.always, *self.order)))

    def takes(self, rule: str, group: str, severity: Severity) -> bool:
        """Return whether an alert is one of this route, if no earlier one takes it."""
        return (
            severity in self.severities
            and any(fnmatchcase(rule, pattern) for pattern in self.rules)
            and any(fnmatchcase(group, pattern) for pattern in self.groups)
        )

    def held_until(self, severity: Severity, now: datetime) -> datetime | None:
        """Return until when an alert waits; None if it is sent at once."""
        if self.quiet is None or severity is Severity.CRITICAL:
            return None
        return self.quiet.until(now)

    def due_from(self, severity: Severity, since: datetime, now: datetime) -> datetime:
        """Return from when on people can have been notified, by now, of an alert that fired at `since`."""
        if self.quiet is None or severity is Severity.CRITICAL:
            return since
        return now if self.quiet.until(now) is not None else max(since, self.quiet.last_end(now))


def quiet_hours(text: str, zone: str) -> QuietHours:
    """Return the quiet hours that a text means: `22:00-07:00`, or `22:00-07:00 Europe/Paris`.

    Raises:
        ValueError: it is none; says what to write.
    """
    found = _HOURS.fullmatch(" ".join(text.split()))
    if found is None:
        raise ValueError(f"{text!r} are no quiet hours, write 22:00-07:00 or 22:00-07:00 Europe/Paris")
    return QuietHours(start=f"{found[1]}:{found[2]}", end=f"{found[3]}:{found[4]}", zone=found[5] or zone)


def route_of(routes: Sequence[AlertRoute], rule: str, group: str, severity: Severity) -> AlertRoute | None:
    """Return the route of an alert: the first that takes it."""
    return next((route for route in routes if route.takes(rule, group, severity)), None)


def route_of_report(routes: Sequence[AlertRoute], report: str) -> AlertRoute | None:
    """Return the route of one of `REPORTS`."""
    return route_of(routes, report, report, Severity.LOW)


def unrouted(routes: Sequence[AlertRoute]) -> dict[str, tuple[Severity, ...]]:
    """Return the severities of each rule that no route takes."""
    left = {
        rule: tuple(severity for severity in _severities(rule) if route_of(routes, rule, rule, severity) is None)
        for rule in KNOWN
    }
    return {rule: severities for rule, severities in left.items() if severities}


def never_used(routes: Sequence[AlertRoute]) -> Iterator[tuple[AlertRoute, str, str]]:
    """Yield what can be left out without a difference, as (route, field and value, why)."""
    for number, route in enumerate(routes):
        for field, pattern, narrowed in _narrowed(route):
            wanted = [case for case in _cases() if narrowed.takes(*case)]
            if not wanted:
                yield route, f"{field} {pattern}", "no alert is called so"
                continue
            takers = [route_of(routes[:number], *case) for case in wanted]
            if all(takers):
                names = ", ".join(dict.fromkeys(route.name for route in takers if route is not None))
                yield route, f"{field} {pattern}", f"all of it is taken by an earlier route: {names}"


def _narrowed(route: AlertRoute) -> Iterator[tuple[str, str, AlertRoute]]:
    for rule in route.rules:
        yield "rule", rule, route.model_copy(update={"rules": (rule,)})
    for group in route.groups:
        yield "group", group, route.model_copy(update={"groups": (group,)})
    for severity in route.severities if route.severities != tuple(Severity) else ():
        yield "severity", severity, route.model_copy(update={"severities": (severity,)})


def _cases() -> Iterator[tuple[str, str, Severity]]:
    # Every rule is a group of its own.
    return ((rule, rule, severity) for rule, severity in product(KNOWN, Severity) if severity in _severities(rule))


def _severities(rule: str) -> tuple[Severity, ...]:
    return (Severity.LOW,) if rule in REPORTS else tuple(Severity)
