"""`python -m tests.another_time 2026-10-25T00:30Z`: run tests as if it were that time, or on a busy machine.

libfaketime shifts the programs that use the C library, `launch` the Go programs among our servers. Timers keep their
pace; the machine's clock is not touched. Needs the Debian package `faketime`, and the right to trace processes (root).
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.faults.faketime import clock_variables, set_clock
from tests.faults.servers import NotRun

ROOT = Path(__file__).parents[2]
LAUNCH = Path(__file__).with_name("launch.py")
GO_PROGRAMS = ("temporal", "prometheus")
PYTEST = ("-n", "4", "--dist", "loadfile", "--no-loadscope-reorder")
CANNOT = 2


def main() -> int:
    """Run pytest as asked; return its exit code, or 2 when another time is not possible here."""
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="another-time-") as name:
        folder = Path(name)
        try:
            environment = environment_at(folder, asked.at) if asked.at else dict(os.environ)
        except (NotRun, OSError) as error:
            print(f"cannot run at another time: {error}", file=sys.stderr)
            return CANNOT
        python = folder / "bin" / "python" if asked.at else Path(sys.executable)
        with _busy(asked.busy):
            command = [os.fspath(python), "-m", "pytest", *PYTEST, *asked.pytest]
            return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode


def environment_at(folder: Path, at: datetime) -> dict[str, str]:
    """Return variables with which `folder/bin/python`, and what it starts, takes now for `at`; write what they need.

    Raises:
        NotRun: libfaketime is not there.
    """
    off = timedelta(seconds=round((at - datetime.now(UTC)).total_seconds()))
    _shadow(folder, off)
    clock = folder / "clock"
    set_clock(clock, off)
    return {
        **os.environ,
        **clock_variables(clock),
        # The sources' times are shifted with the clock: what is compiled now is not for later.
        "PYTHONPYCACHEPREFIX": os.fspath(folder / "compiled"),
        "PATH": f"{folder / 'bin'}:{os.environ.get('PATH', '')}:/usr/sbin",
        "TZ": "UTC",
    }


def _shadow(folder: Path, off: timedelta) -> None:
    """Make an environment like the present one, in which each Go program is started by `launch`."""
    prefix = Path(sys.prefix)
    (folder / "bin").mkdir()
    (folder / "lib").symlink_to(prefix / "lib")
    shutil.copy(prefix / "pyvenv.cfg", folder)
    for program in (prefix / "bin").iterdir():
        if program.name not in GO_PROGRAMS:
            (folder / "bin" / program.name).symlink_to(program)
    for name in GO_PROGRAMS:
        found = shutil.which(name, path=f"{prefix / 'bin'}:{os.environ.get('PATH', '')}")
        if found is not None:
            started = [os.path.realpath(sys.executable), "-IS", LAUNCH, f"{off.total_seconds():.0f}", found]
            script = folder / "bin" / name
            script.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, started))} "$@"\n')
            script.chmod(0o755)


@contextmanager
def _busy(number: int) -> Iterator[None]:
    """Keep this many processes busy meanwhile."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(number)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.another_time", description=__doc__)
    parser.add_argument("at", nargs="?", type=_instant, help="the time with its zone, for example 2026-10-25T00:30Z")
    parser.add_argument("--busy", type=int, default=0, metavar="N", help="beside so many busy loops")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    return parser.parse_args()


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} names no zone: write {text}Z")
    return instant


if __name__ == "__main__":
    sys.exit(main())
