"""The files of a log that is rotated while it is written: which reach back far enough, and where in them to begin."""

from __future__ import annotations

import gzip
import os
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, cast

LONGEST_LINE = 65_536
MARK_EVERY = 1 << 20
MOST_MARKS = 4096
MOST_FILES = 16
LINES_WITHOUT_TIME = 1000
_ROTATED = re.compile(r"[.-](\d+)(?:\.gz)?", re.ASCII)
_DATE_DIGITS = 8

When = Callable[[str], datetime | None]
"""Returns the instant a line begins with."""


def log_files(path: Path) -> list[Path]:
    """Return the log and its rotated parts, newest first; behind a gap in their numbers nothing counts.

    Raises:
        OSError: the folder or the log cannot be read.
    """
    path.stat()
    numbered: dict[int, Path] = {}
    dated: list[tuple[int, Path]] = []
    for file in path.parent.iterdir():
        found = _ROTATED.fullmatch(file.name.removeprefix(path.name)) if file.name.startswith(path.name) else None
        if found is None:
            continue
        if len(found[1]) >= _DATE_DIGITS:
            dated.append((int(found[1]), file))
        else:
            numbered[int(found[1])] = file
    first = min(numbered, default=1)
    in_a_row = [numbered[number] for number in range(first, first + len(numbered)) if number in numbered]
    rotated = in_a_row[: _unbroken(sorted(numbered))] if first <= 1 else []
    return [path, *rotated, *(file for _, file in sorted(dated, reverse=True))]


def _unbroken(numbers: list[int]) -> int:
    for place, number in enumerate(numbers):
        if number != numbers[0] + place:
            return place
    return len(numbers)


@dataclass(slots=True)
class Marks:
    """Where in each file which instant was reached, so that a later look begins near the instant it is about."""

    _of_file: dict[tuple[int, int], list[tuple[datetime, int]]] = field(default_factory=dict)

    def before(self, key: tuple[int, int], since: datetime, size: int) -> int:
        """Return an offset of a file of this size before which nothing is of `since` or later."""
        marks = self._of_file.get(key, [])
        if marks and marks[-1][1] > size:
            # It was cut and begun anew.
            del self._of_file[key]
            return 0
        place = bisect_right(marks, since, key=lambda mark: mark[0])
        return marks[place - 1][1] if place else 0

    def add(self, key: tuple[int, int], at: datetime, offset: int) -> None:
        """Note that at this offset of a file this instant is reached."""
        if key not in self._of_file and len(self._of_file) >= MOST_FILES:
            del self._of_file[next(iter(self._of_file))]
        marks = self._of_file.setdefault(key, [])
        if len(marks) < MOST_MARKS and (not marks or (marks[-1][1] < offset and marks[-1][0] <= at)):
            marks.append((at, offset))


def begins(path: Path, when: When) -> datetime | None:
    """Return the instant of a file's first line with a time; None if it has none."""
    with _opened(path) as file:
        for _ in range(LINES_WITHOUT_TIME):
            line = file.readline(LONGEST_LINE)
            if not line:
                return None
            if (at := when(_text(line))) is not None:
                return at
    return None


def lines(path: Path, since: datetime, marks: Marks, when: When) -> Iterator[str]:
    """Yield the whole lines of a file from near `since` on, and mark the way."""
    with _opened(path) as file:
        # What is compressed is not written any more, but has to be unpacked from its beginning.
        plain = path.suffix != ".gz"
        status = os.fstat(file.fileno())
        key = (status.st_dev, status.st_ino)
        offset = marks.before(key, since, status.st_size) if plain else 0
        file.seek(offset)
        next_mark = offset + MARK_EVERY
        while (line := file.readline(LONGEST_LINE)).endswith(b"\n") or len(line) == LONGEST_LINE:
            text = _text(line)
            if plain and offset >= next_mark and (at := when(text)) is not None:
                marks.add(key, at, offset)
                next_mark = offset + MARK_EVERY
            offset += len(line)
            yield text


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _text(line: bytes) -> str:
    # A file that was cut while its writer went on begins with a hole of zeros.
    return line.replace(b"\0", b"").decode("utf-8", "replace").rstrip("\r\n")
