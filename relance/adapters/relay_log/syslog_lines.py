"""The lines of a mail log, in the forms in which syslog daemons, containers and Postfix itself write them.

| who writes | form |
| --- | --- |
| syslogd, rsyslog, postlogd | `Nov  5 17:00:00 mx1 postfix/qmgr[7]: text` |
| rsyslog, journalctl | `2026-11-05T17:00:00.123456+01:00 mx1 postfix/qmgr[7]: text` |
| BusyBox | `Nov  5 17:00:00 mx1 mail.info postfix/qmgr[7]: text` |
| BSD | `Nov  5 17:00:00 <2.6> mx1 postfix/qmgr[7]: text` |
| Solaris | `Nov  5 17:00:00 mx1 postfix/qmgr[7]: [ID 197553 mail.info] text` |
| RFC 5424 | `<22>1 2026-11-05T17:00:00Z mx1 postfix/qmgr 7 - - text` |
| containers | `postfix/qmgr[7]: text`, with or without a time, in Docker's JSON, behind `stdout F` |

Sources: RFC 3164, RFC 5424, the test data of postfix-grok-patterns and fail2ban.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

# `calendar.month_abbr` would follow this machine's language.
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_DAEMONS = (
    r"smtpd|cleanup|[on]?qmgr|smtp|lmtp|local|virtual|pipe|bounce|defer|trace|error|retry|discard|pickup|relay|verify"
    r"|anvil|scache|postscreen|dnsblog|tlsproxy|tlsmgr|trivial-rewrite|proxymap|proxywrite|flush|showq|spawn|qmqpd"
    r"|master|postlogd|postfix-script|postqueue|postsuper|postdrop|sendmail"
)

_PRIORITY = re.compile(r"<\d{1,3}>(?:1 )?", re.ASCII)
_TRADITIONAL = re.compile(
    r"([A-Z][a-z]{2}) +(\d{1,2}) (?:(\d{4}) )?(\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?(?: (\d{4}))? ", re.ASCII
)
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(?: ?(Z|[+-]\d\d:?\d\d))? ", re.ASCII | re.IGNORECASE
)
_CONTAINER = re.compile(r"std(?:out|err) F ")
# Host and priority stand before the tag in any order; a word that ends in a colon is another program's tag.
_TAGGED = re.compile(
    rf"(?:\S*[^\s:] ){{0,3}}?(?P<name>[^\s\[\]:]*/)(?P<daemon>{_DAEMONS})"
    r"(?:\[\d+\]: (?:\[ID \d+ \w+\.\w+\] )?| (?:\d+|-) \S+ (?:-|(?:\[[^\]]*\])+) \ufeff?)(?P<text>.*)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """An instant as a line tells it: `earliest` and `latest` differ in the hour that a clock change repeats."""

    earliest: datetime
    latest: datetime


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of Postfix that was understood; `stamp` is None where the line has no time."""

    stamp: Stamp | None
    daemon: str
    text: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """How to read times that say neither their zone nor their year: the newest year that is not to come."""

    zone: ZoneInfo
    now: datetime

    def read(self, line: str) -> LogLine | None:
        """Return a line of Postfix; None for one of another program, or in a form that is not known."""
        stamp, rest = self._stamped(line)
        found = _TAGGED.match(rest)
        return LogLine(stamp, found["daemon"], found["text"]) if found is not None else None

    def _stamped(self, line: str) -> tuple[Stamp | None, str]:
        """Return when a line was written and what it says without that; the outermost time counts."""
        outer, line = self._unwrapped(line)
        stamp, rest = self._taken(_PRIORITY.sub("", line, count=1) if line.startswith("<") else line)
        if (container := _CONTAINER.match(rest)) is not None:
            rest = rest[container.end() :]
        if stamp is not None or outer is not None:
            # A container's engine puts its own time before that of the line.
            _, rest = self._taken(rest)
        return outer or stamp, rest

    def _unwrapped(self, line: str) -> tuple[Stamp | None, str]:
        if not line.startswith('{"log":'):
            return None, line
        try:
            wrapped = json.loads(line)
            stamp, _ = self._taken(f"{wrapped['time']} ")
            return stamp, str(wrapped["log"]).rstrip("\r\n")
        except (ValueError, KeyError, TypeError):
            return None, line

    def _taken(self, line: str) -> tuple[Stamp | None, str]:
        """Return the time a line begins with and the rest; None and the whole line if it begins with none."""
        if (found := _ISO.match(line)) is not None:
            stamp = self._from_iso(*found.groups())
        elif (found := _TRADITIONAL.match(line)) is not None and found[1] in _MONTHS:
            month, day, year, time, year_behind = found.groups()
            stamp = self._dated(year or year_behind, f"{_MONTHS[month]:02}-{int(day):02}", time)
        else:
            return None, line
        return (stamp, line[found.end() :]) if stamp is not None else (None, line)

    def _from_iso(self, day: str, time: str, fraction: str | None, zone: str | None) -> Stamp | None:
        micros = (fraction or "0").ljust(6, "0")[:6]
        return self._on_earth(f"{day}T{time}.{micros}{(zone or '').upper().replace('Z', '+00:00')}")

    def _dated(self, year: str | None, day: str, time: str) -> Stamp | None:
        years = [int(year)] if year else [self.now.year + 1, self.now.year, self.now.year - 1]
        stamps = (self._on_earth(f"{candidate:04}-{day}T{time}.000000") for candidate in years)
        tomorrow = self.now + timedelta(days=1)
        return next((stamp for stamp in stamps if stamp is not None and (year or stamp.latest <= tomorrow)), None)

    def _on_earth(self, text: str) -> Stamp | None:
        try:
            # A leap second is no time that Python knows.
            at = datetime.fromisoformat(text.replace(":60.", ":59."))
            if at.tzinfo is not None:
                return Stamp(at.astimezone(UTC), at.astimezone(UTC))
            folds = [at.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
        except (ValueError, OverflowError):
            return None
        return Stamp(min(folds), max(folds))
