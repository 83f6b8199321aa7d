"""The accepted mails: an index in memory, the bytes and a log on disk."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from relance.devstack.mailbox.models import Repeated

LOG_NAME = "accepted.jsonl"
BODIES_NAME = "mails.bin"
MOST_REPEATED = 1000
_MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class MailboxEntry:
    """One accepted mail: its envelope, and where its bytes are."""

    n: int
    time: str
    connection: int
    message_id: str
    sender: str
    to: tuple[str, ...]
    offset: int
    size: int


class MailboxStore:
    """Keeps mails in a folder; a mail counts as accepted once it is there, so it survives the end of this process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log_path = folder / LOG_NAME
        self._log = os.open(self.log_path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._bodies = os.open(folder / BODIES_NAME, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._entries: list[MailboxEntry] = []
        # Counted as they come: a look at the statistics must not hold up 100,000 mails.
        self._first: dict[str, MailboxEntry] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._deliveries = 0
        self._repeated: set[tuple[str, str]] = set()
        self._load()
        self._next = self._entries[-1].n + 1 if self._entries else 1
        self._end = os.fstat(self._bodies).st_size

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def last_connection(self) -> int:
        """The highest connection number in the log, 0 if it is empty."""
        return max((entry.connection for entry in self._entries), default=0)

    def append(self, connection: int, sender: str, to: Sequence[str], raw: bytes) -> None:
        """Keep one mail."""
        head = raw[: raw.find(b"\r\n\r\n") + 2]
        found = _MESSAGE_ID.search(head)
        message_id = found[1].decode("ascii", "replace") if found else ""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        entry = MailboxEntry(self._next, now, connection, message_id, sender, tuple(to), self._end, len(raw))
        os.write(self._bodies, raw)
        os.write(self._log, _line(entry))
        self._index(entry)
        self._next += 1
        self._end += len(raw)

    def page(self, after: int, limit: int) -> list[MailboxEntry]:
        """Return the entries with a number above `after`, at most `limit`."""
        if not self._entries:
            return []
        start = max(0, after + 1 - self._entries[0].n)
        return self._entries[start : start + limit]

    def get(self, n: int) -> MailboxEntry | None:
        """Return one entry."""
        found = self.page(n - 1, 1)
        return found[0] if found and found[0].n == n else None

    def find(self, message_ids: Sequence[str]) -> list[MailboxEntry]:
        """Return the first entry of each of these Message-IDs, where there is one."""
        return [entry for message_id in message_ids if (entry := self._first.get(message_id)) is not None]

    def raw(self, entry: MailboxEntry, most: int | None = None) -> bytes:
        """Return a mail's bytes as received, or the first `most` of them."""
        return os.pread(self._bodies, entry.size if most is None else min(most, entry.size), entry.offset)

    def repeated(self) -> tuple[int, int, list[Repeated]]:
        """Return (deliveries, duplicates, the recipients and Message-IDs that occur more than once)."""
        shown = islice(sorted(self._repeated), MOST_REPEATED)
        many = [Repeated(to=key[0], message_id=key[1], count=self._counts[key]) for key in shown]
        return self._deliveries, self._deliveries - len(self._counts), many

    def clear(self) -> None:
        """Forget every mail; numbers go on counting."""
        os.ftruncate(self._log, 0)
        os.ftruncate(self._bodies, 0)
        self._entries.clear()
        self._first.clear()
        self._counts.clear()
        self._repeated.clear()
        self._deliveries = self._end = 0

    def close(self) -> None:
        """Close the files."""
        os.close(self._log)
        os.close(self._bodies)

    def _index(self, entry: MailboxEntry) -> None:
        self._entries.append(entry)
        self._first.setdefault(entry.message_id, entry)
        for address in entry.to:
            key = (address, entry.message_id)
            self._counts[key] += 1
            self._deliveries += 1
            if self._counts[key] > 1:
                self._repeated.add(key)

    def _load(self) -> None:
        whole = 0
        with self.log_path.open("rb") as lines:
            for line in lines:
                # The power may have failed in the middle of a line; everything before it is whole.
                if not line.endswith(b"\n"):
                    break
                self._index(_entry(json.loads(line)))
                whole += len(line)
        os.ftruncate(self._log, whole)
        last = self._entries[-1] if self._entries else None
        os.ftruncate(self._bodies, last.offset + last.size if last else 0)


def _line(entry: MailboxEntry) -> bytes:
    fields = {
        "n": entry.n,
        "time": entry.time,
        "connection": entry.connection,
        "message_id": entry.message_id,
        "from": entry.sender,
        "to": entry.to,
        "offset": entry.offset,
        "size": entry.size,
    }
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


def _entry(fields: dict[str, object]) -> MailboxEntry:
    sender, to = fields.pop("from"), fields.pop("to")
    return MailboxEntry(**fields, sender=sender, to=tuple(to))  # type: ignore[arg-type] # the log is our own
