"""Wall clocks of processes that are put wrong on purpose, by libfaketime; their timers keep the real pace."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from tests.faults.servers import NotRun

LIBRARIES = Path("/usr/lib")


def set_clock(file: Path, off: timedelta) -> None:
    """Set the clocks that follow this file off by so many whole seconds."""
    fresh = file.with_suffix(".new")
    fresh.write_text(f"{off.total_seconds():+.0f}\n")
    # Whoever reads it meanwhile finds the old or the new one, never half of it.
    fresh.replace(file)


def clock_variables(file: Path, *, at_once: bool = False) -> dict[str, str]:
    """Return the variables that put a process's wall clock, not its timers, under the file's command.

    A change counts within a second; `at_once`, with the next look at the clock, which then costs some microseconds.

    Raises:
        NotRun: libfaketime is not there.
    """
    found = sorted(LIBRARIES.glob("**/faketime/libfaketimeMT.so.1"))
    if not found:
        raise NotRun("libfaketime is not installed (Debian: apt-get install libfaketime)")
    return {
        "LD_PRELOAD": os.fspath(found[0]),
        "FAKETIME_TIMESTAMP_FILE": os.fspath(file),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        **({"FAKETIME_NO_CACHE": "1"} if at_once else {"FAKETIME_CACHE_DURATION": "1"}),
    }
