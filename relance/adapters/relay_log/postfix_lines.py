"""What the lines of Postfix's mail log say.

A mail is told by its queue id; its Message-ID is on the line of `cleanup` alone, which is written while the data is
still coming in. Only a later line of the same queue id proves that Postfix took the mail: that of `qmgr` when it is put
into the active queue, or of a delivery agent with a `status=`. Queue ids are short (and used again after `removed`) or
long.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from relance.ports import Fate, Knowledge, RelayRecord

# `calendar.month_abbr` would follow this machine's language.
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_TRADITIONAL = re.compile(r"([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) ", re.ASCII)
_ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)? ", re.ASCII)
_LINE = re.compile(r"\S+ \S*/(?P<daemon>[a-z]+)\[\d+\]: (?P<queue_id>[0-9A-Za-z]{5,25}): (?P<rest>.*)", re.ASCII)
_MESSAGE_ID = re.compile(r"message-id=(\S+)")
_ACTIVE = re.compile(r"from=<.*>, size=\d+, nrcpt=\d+ \(queue active\)", re.ASCII)
_DELIVERY = re.compile(r"to=<(?P<to>.*?)>, .*\bstatus=(?P<status>[a-z]+) \(")
_FATES = {"sent": Fate.DELIVERED, "deferred": Fate.DEFERRED, "bounced": Fate.BOUNCED, "expired": Fate.BOUNCED}
_WORST_FIRST = (Fate.DEFERRED, Fate.BOUNCED, Fate.DELIVERED)
MOST_RECIPIENTS = 1000
LINES_TO_DATE = 100


@dataclass(frozen=True, slots=True)
class Calendar:
    """How to read times that say neither their zone nor their year: the newest year that is not to come."""

    zone: ZoneInfo
    now: datetime

    def stamp(self, line: str) -> tuple[datetime, str] | None:
        """Return the instant a line begins with and the rest of it, None if it does not begin with one."""
        if found := _ISO.match(line):
            return self._from_iso(*found.groups()), line[found.end() :]
        if (found := _TRADITIONAL.match(line)) and found[1] in _MONTHS:
            fields = (_MONTHS[found[1]], *map(int, found.groups()[1:]))
            at = self._dated(*fields)
            return (at, line[found.end() :]) if at else None
        return None

    def _from_iso(self, seconds: str, fraction: str | None, zone: str | None) -> datetime:
        try:
            at = datetime.fromisoformat(seconds + (zone or "").replace("Z", "+00:00"))
        except ValueError:
            return datetime.min.replace(tzinfo=UTC)
        at = at.replace(microsecond=int((fraction or "0").ljust(6, "0")[:6]))
        return (at if at.tzinfo else at.replace(tzinfo=self.zone)).astimezone(UTC)

    def _dated(self, month: int, day: int, hour: int, minute: int, second: int) -> datetime | None:
        for year in (self.now.year + 1, self.now.year, self.now.year - 1):
            try:
                at = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=self.zone).astimezone(UTC)
            except (ValueError, OverflowError):
                continue
            if at <= self.now + timedelta(days=1):
                return at
        return None


@dataclass(slots=True)
class Life:
    """One mail under its queue id, from `cleanup` to `removed`."""

    message_id: str
    queue_id: str
    accepted_at: datetime | None = None
    rejected: bool = False
    fates: dict[str, Fate] = field(default_factory=dict)

    def record(self) -> RelayRecord:
        """Return what is known of it; one that was neither taken nor rejected may still be coming in."""
        if self.accepted_at is None:
            return RelayRecord(Knowledge.ABSENT if self.rejected else Knowledge.UNKNOWN, queue_id=self.queue_id)
        fate = next((one for one in _WORST_FIRST if one in self.fates.values()), Fate.QUEUED)
        return RelayRecord(Knowledge.ACCEPTED, self.accepted_at, self.queue_id, fate)


class Reading:
    """What is found out about the wanted mails while the log is read; its size depends on these alone."""

    def __init__(self, message_ids: Iterable[str], calendar: Calendar) -> None:
        self._calendar = calendar
        self._lives: dict[str, Life] = {}
        self._found: dict[str, list[Life]] = {one: [] for one in message_ids}
        self._last: deque[str] = deque(maxlen=LINES_TO_DATE)

    @property
    def newest(self) -> datetime | None:
        """The newest instant among the last lines."""
        stamped = (self._calendar.stamp(line) for line in self._last)
        return max((one[0] for one in stamped if one is not None), default=None)

    def take(self, line: str) -> None:
        """Read one line; what is no line of Postfix says nothing."""
        self._last.append(line)
        # Nearly every line is about another mail: dating each would take most of the time.
        if "message-id=" not in line and line.partition("]: ")[2].partition(": ")[0] not in self._lives:
            return
        stamped = self._calendar.stamp(line)
        found = _LINE.match(stamped[1]) if stamped is not None else None
        if stamped is None or found is None:
            return
        at, queue_id, rest = stamped[0], found["queue_id"], found["rest"]
        if found["daemon"] == "cleanup":
            self._cleaned_up(queue_id, rest)
        elif (life := self._lives.get(queue_id)) is not None:
            self._went_on(life, found["daemon"], rest, at)

    def lives(self, message_id: str) -> list[Life]:
        """Return the mails of a Message-ID, in the order in which they came."""
        return self._found[message_id]

    def _cleaned_up(self, queue_id: str, rest: str) -> None:
        if (found := _MESSAGE_ID.match(rest)) is not None:
            # A new mail: the queue id may have belonged to another one before.
            self._lives.pop(queue_id, None)
            if found[1] in self._found:
                life = self._lives[queue_id] = Life(found[1], queue_id)
                self._found[found[1]].append(life)
        elif rest.startswith(("reject: ", "milter-reject: ")) and queue_id in self._lives:
            self._lives[queue_id].rejected = True

    def _went_on(self, life: Life, daemon: str, rest: str, at: datetime) -> None:
        if daemon == "qmgr" and rest == "removed":
            del self._lives[life.queue_id]
        elif daemon == "qmgr" and _ACTIVE.fullmatch(rest):
            life.accepted_at = life.accepted_at or at
        elif (found := _DELIVERY.match(rest)) is not None and found["status"] in _FATES:
            life.accepted_at = life.accepted_at or at
            if found["to"] in life.fates or len(life.fates) < MOST_RECIPIENTS:
                life.fates[found["to"]] = _FATES[found["status"]]
