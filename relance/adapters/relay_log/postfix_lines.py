"""What the lines of Postfix's mail log say.

A mail is identified by its queue id; its Message-ID is on the line of `cleanup` alone, which is written while the data
is still coming in. Only a later line of the same queue id proves that Postfix took the mail: that of `qmgr` when it is
put into the active queue or gives it up, or of a delivery agent with a `status=`. Queue ids are short (and used again
after `removed`) or long.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from relance.adapters.relay_log.syslog_lines import Calendar, LogLine
from relance.ports import Fate, Knowledge, RelayRecord

_TEXT = re.compile(r"(?P<queue_id>[0-9A-Za-z]{5,25}): (?P<rest>.*)", re.ASCII)
_QUEUE_IDS = re.compile(r"(?<![0-9A-Za-z])([0-9A-Za-z]{5,25}): ", re.ASCII)
_MESSAGE_ID = re.compile(r"message-id=(\S+)")
_NAMED = re.compile(r"(?:u003c)?([^\s<>\"\\=]+@[^\s<>\"\\,;]+)", re.IGNORECASE)
_ACTIVE = re.compile(r"from=<.*>, size=\d+, nrcpt=\d+ \(queue active\)", re.ASCII)
_GIVEN_UP = re.compile(r"from=<.*>, status=(?:force-)?expired, returned to sender", re.ASCII)
_DELIVERY = re.compile(r"to=<(?P<to>.*?)>, .*\bstatus=(?P<status>[A-Za-z-]+) \(")
_QMGR = {"qmgr", "oqmgr", "nqmgr"}
# With `soft_bounce = yes` a refusal for good is written in capitals and tried again.
_FATES = {
    "sent": Fate.DELIVERED,
    "deferred": Fate.DEFERRED,
    "SOFTBOUNCE": Fate.DEFERRED,
    "bounced": Fate.BOUNCED,
    "expired": Fate.BOUNCED,
    "force-expired": Fate.BOUNCED,
}
_WORST_FIRST = (Fate.DEFERRED, Fate.BOUNCED, Fate.DELIVERED)
_EVERYBODY = ""
MOST_RECIPIENTS = 1000
LINES_TO_DATE = 1000
TAIL = 20_000


@dataclass(slots=True)
class Life:
    """One mail under its queue id, from `cleanup` to `removed`; `accepted_at` is None where its lines have no time."""

    message_id: str
    queue_id: str
    accepted: bool = False
    accepted_at: datetime | None = None
    rejected: bool = False
    fates: dict[str, Fate] = field(default_factory=dict)

    def record(self) -> RelayRecord:
        """Return what is known of it; one that was neither taken nor rejected may still be coming in."""
        if not self.accepted:
            return RelayRecord(Knowledge.ABSENT if self.rejected else Knowledge.UNKNOWN, queue_id=self.queue_id)
        fate = next((kind for kind in _WORST_FIRST if kind in self.fates.values()), Fate.QUEUED)
        return RelayRecord(Knowledge.ACCEPTED, self.accepted_at, self.queue_id, fate)

    def take(self, line: LogLine, fates: dict[str, Fate]) -> None:
        """Note that it was taken, and how it fared with these recipients."""
        if not self.accepted:
            self.accepted, self.accepted_at = True, line.stamp.earliest if line.stamp else None
        for to, fate in fates.items():
            if to in self.fates or len(self.fates) < MOST_RECIPIENTS:
                self.fates[to] = fate


class LogReading:
    """What is found out about the wanted mails while the log is read; its size depends on these alone.

    `tail` are the newest lines. `obscure` are the wanted mails that a line names which was not understood: of them the
    log says nothing.
    """

    def __init__(self, message_ids: Iterable[str], calendar: Calendar) -> None:
        self._calendar = calendar
        self._lives: dict[str, Life] = {}
        self._found: dict[str, list[Life]] = {message_id: [] for message_id in message_ids}
        self._wanted = {message_id.strip("<>"): message_id for message_id in self._found}
        self._domains = sorted({message_id[message_id.rfind("@") :] for message_id in self._wanted})
        self.tail: deque[str] = deque(maxlen=TAIL)
        self.obscure: set[str] = set()

    @property
    def newest(self) -> datetime | None:
        """The newest instant among the lines of Postfix at the end; in a repeated hour the first that it may be."""
        read = (self._calendar.read(line) for line in islice(reversed(self.tail), LINES_TO_DATE))
        return max((line.stamp.earliest for line in read if line is not None and line.stamp is not None), default=None)

    @property
    def understood(self) -> int:
        """How many of the newest lines are lines of Postfix in a known form, with a time."""
        read = (self._calendar.read(line) for line in self.tail)
        return sum(line is not None and line.stamp is not None for line in read)

    def take(self, line: str) -> None:
        """Read one line; what is no line of Postfix says nothing."""
        self.tail.append(line)
        # Nearly every line is about another mail: reading each would take most of the time.
        if "message-id=" not in line and not self._is_of_a_known_mail(line):
            if any(domain in line for domain in self._domains):
                self._note_obscure(line)
            return
        read = self._calendar.read(line)
        found = _TEXT.match(read.text) if read is not None else None
        if read is None or found is None:
            self._note_obscure(line)
            return
        queue_id, rest = found["queue_id"], found["rest"]
        if read.daemon == "cleanup":
            self._cleaned_up(queue_id, rest)
        elif (life := self._lives.get(queue_id)) is not None:
            self._went_on(life, read, rest)

    def lives(self, message_id: str) -> list[Life]:
        """Return the mails of a Message-ID, in the order in which they came."""
        return self._found[message_id]

    def _is_of_a_known_mail(self, line: str) -> bool:
        return bool(self._lives) and any(queue_id in self._lives for queue_id in _QUEUE_IDS.findall(line))

    def _note_obscure(self, line: str) -> None:
        self.obscure.update(self._wanted[name] for name in _NAMED.findall(line) if name in self._wanted)

    def _cleaned_up(self, queue_id: str, rest: str) -> None:
        if (found := _MESSAGE_ID.match(rest)) is not None:
            # A new mail: the queue id may have belonged to another one before.
            self._lives.pop(queue_id, None)
            if found[1] in self._found:
                life = self._lives[queue_id] = Life(found[1], queue_id)
                self._found[found[1]].append(life)
        elif rest.startswith(("reject: ", "milter-reject: ")) and queue_id in self._lives:
            self._lives[queue_id].rejected = True

    def _went_on(self, life: Life, line: LogLine, rest: str) -> None:
        if line.daemon in _QMGR and rest == "removed":
            del self._lives[life.queue_id]
        elif line.daemon in _QMGR and _ACTIVE.fullmatch(rest):
            life.take(line, {})
        elif line.daemon in _QMGR and _GIVEN_UP.match(rest):
            life.take(line, {_EVERYBODY: Fate.BOUNCED, **dict.fromkeys(life.fates, Fate.BOUNCED)})
        elif (found := _DELIVERY.match(rest)) is not None and found["status"] in _FATES:
            life.take(line, {found["to"]: _FATES[found["status"]]})
