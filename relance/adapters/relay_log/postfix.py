"""Postfix as a relay log: its mail log, and its queue where `postqueue` can be run."""

from __future__ import annotations

import asyncio
import re
import subprocess
import threading
import zlib
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from relance.adapters.relay_log.postfix_files import LONGEST_LINE, Marks, begins, lines, log_files
from relance.adapters.relay_log.postfix_lines import Life, LogReading
from relance.adapters.relay_log.syslog_lines import Calendar
from relance.errors import DependencyUnavailable
from relance.ports import Fate, Knowledge, LogCoverage, RelayRecord

NAME = "relay log"
SLACK = timedelta(minutes=1)
"""By how much the relay's clock may differ from ours, and its lines be out of order."""

QUEUE_TIMEOUT = 30.0
ROTATIONS = 3
_QUEUE_ID = re.compile(rb'^\{"queue_name": ?"[a-z]+", ?"queue_id": ?"([0-9A-Za-z]+)"')

Now = Callable[[], datetime]


class PostfixLog:
    """Reads the log in a thread, from near the instant that is asked about; one look at a time."""

    def __init__(
        self,
        log: Path,
        postqueue: Path | None,
        zone: str,
        lag: timedelta,
        now: Now = lambda: datetime.now(UTC),
    ) -> None:
        self.lag = lag
        self._log = log
        self._postqueue = postqueue
        self._zone = ZoneInfo(zone)
        self._now = now
        self._marks = Marks()
        self._one_at_a_time = asyncio.Lock()

    async def find(self, message_ids: Sequence[str], since: datetime) -> dict[str, RelayRecord]:
        """Return a record for each mail; `absent` only if lines of Postfix that were understood cover the time since.

        Raises:
            DependencyUnavailable: the log or the queue cannot be read.
        """
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._find, list(message_ids), since)

    async def coverage(self, since: datetime) -> LogCoverage:
        """Return what the log can say of the time from `since` until now.

        Raises:
            DependencyUnavailable: the log cannot be read.
        """
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._coverage, since)

    def _coverage(self, since: datetime) -> LogCoverage:
        try:
            reading, covers = self._read([], since)
            oldest = self._oldest(since)
        except (OSError, EOFError, zlib.error) as error:
            raise _unreadable(error) from None
        return LogCoverage(covers, len(reading.tail), reading.understood, oldest, reading.newest)

    def _find(self, message_ids: Sequence[str], since: datetime) -> dict[str, RelayRecord]:
        try:
            reading, covered = self._read(message_ids, since)
            queued: set[str] = set()
            pending = _pending(reading, message_ids)
            if pending and self._postqueue is not None:
                queued = self._queued({life.queue_id for life in pending})
                # What left the queue before it was listed is in the log by now.
                reading, covered = self._read(message_ids, since)
        except (OSError, EOFError, zlib.error) as error:
            raise _unreadable(error) from None
        sure = self._postqueue is not None
        return {
            message_id: _judged(
                reading.lives(message_id), queued, covered=covered and message_id not in reading.obscure, sure=sure
            )
            for message_id in message_ids
        }

    def _read(self, message_ids: Sequence[str], since: datetime) -> tuple[LogReading, bool]:
        calendar = Calendar(self._zone, self._now())
        for _ in range(ROTATIONS):
            files, reaches_back = self._files(since, calendar)
            before = _identities(files)
            reading = LogReading(message_ids, calendar)
            for path in reversed(files):
                for line in lines(path, since - SLACK, self._marks, lambda text: _when(calendar, text)):
                    reading.take(line)
            if _identities(files) == before and log_files(self._log)[: len(files)] == files:
                return reading, reaches_back and _goes_on(reading.newest, since, calendar.now)
        raise DependencyUnavailable(NAME, "the log is rotated again and again while it is read")

    def _files(self, since: datetime, calendar: Calendar) -> tuple[list[Path], bool]:
        """Return the newest files, newest first, that reach back to `since`, and whether they do."""
        needed: list[Path] = []
        for path in log_files(self._log):
            needed.append(path)
            first = begins(path, lambda text: _when(calendar, text))
            if first is not None and first <= since - SLACK:
                return needed, True
        return needed, False

    def _oldest(self, since: datetime) -> datetime | None:
        calendar = Calendar(self._zone, self._now())
        files, _ = self._files(since, calendar)
        return next((at for path in reversed(files) if (at := begins(path, lambda text: _when(calendar, text)))), None)

    def _queued(self, wanted: Collection[str]) -> set[str]:
        """Return which of these queue ids are in the queue now."""
        found: set[str] = set()
        command = [str(self._postqueue), "-j"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            timer = threading.Timer(QUEUE_TIMEOUT, process.kill)
            timer.start()
            try:
                assert process.stdout is not None
                # A mail to thousands makes a long line; its queue id is at the beginning.
                while line := process.stdout.readline(LONGEST_LINE):
                    if (match := _QUEUE_ID.match(line)) and (queue_id := match[1].decode()) in wanted:
                        found.add(queue_id)
            finally:
                timer.cancel()
        if process.returncode != 0:
            raise DependencyUnavailable(NAME, f"postqueue ended with {process.returncode}")
        return found


def _judged(lives: Sequence[Life], queued: Collection[str], *, covered: bool, sure: bool) -> RelayRecord:
    records = [life.record() for life in lives]
    accepted = [record for record in records if record.knowledge is Knowledge.ACCEPTED]
    if accepted:
        # A content filter hands the same mail in again: it was taken with the first, and fares as the last.
        return RelayRecord(Knowledge.ACCEPTED, accepted[0].at, accepted[0].queue_id, accepted[-1].fate)
    waiting = next((record for record in records if record.queue_id in queued), None)
    if waiting is not None:
        return RelayRecord(Knowledge.ACCEPTED, None, waiting.queue_id, Fate.QUEUED)
    # Its data was never finished, if it is neither in the queue nor went through it.
    unfinished = not sure and any(record.knowledge is Knowledge.UNKNOWN for record in records)
    return RelayRecord(Knowledge.ABSENT if covered and not unfinished else Knowledge.UNKNOWN)


def _pending(reading: LogReading, message_ids: Sequence[str]) -> list[Life]:
    lives = [life for message_id in message_ids for life in reading.lives(message_id)]
    return [life for life in lives if life.record().knowledge is Knowledge.UNKNOWN]


def _identities(files: Sequence[Path]) -> list[tuple[int, int]]:
    found = [path.stat() for path in files]
    return [(status.st_dev, status.st_ino) for status in found]


def _goes_on(newest: datetime | None, since: datetime, now: datetime) -> bool:
    """Return whether a log is still written; one whose lines are of the future is read in a wrong zone."""
    return newest is not None and since.replace(microsecond=0) <= newest <= now + SLACK


def _when(calendar: Calendar, text: str) -> datetime | None:
    """Return the last instant at which a line of Postfix may have been written; None for any other line."""
    line = calendar.read(text)
    return line.stamp.latest if line is not None and line.stamp is not None else None


def _unreadable(error: Exception) -> DependencyUnavailable:
    return DependencyUnavailable(NAME, f"the log cannot be read ({type(error).__name__})")
