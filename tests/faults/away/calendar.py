"""The day it is for an installation: one clock for its workers, its commands and its mailbox, which can be turned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.faults.faketime import clock_variables, set_clock

NOTHING = timedelta(0)


class Calendar:
    """A `Clock` that runs at the real pace and is turned forward.

    Processes started with its `environment` share it through a file.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ahead = NOTHING
        set_clock(file, NOTHING)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that put a process under this calendar.

        Raises:
            NotRun: libfaketime is not there.
        """
        return clock_variables(self._file, at_once=True)

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC) + self._ahead

    def turn(self, to: datetime) -> None:
        """Turn it forward to an instant; it never goes back."""
        ahead = to - datetime.now(UTC) + timedelta(seconds=1)
        # The file holds whole seconds.
        self._ahead = max(self._ahead, timedelta(seconds=int(ahead.total_seconds())))
        set_clock(self._file, self._ahead)
