"""`python -m tests.another_time 2026-10-25T00:30Z`: run tests as if it were that time, or on a busy machine.

Every process of ours is started by `launch`, which shifts what the kernel tells it. Timers keep their pace; the
machine's own clock stays. MongoDB keeps the real time: it waits for instants of the wall clock, and under
libfaketime, which shifts those as well, five idle servers take a whole core. No query of ours asks its clock; only
its removal of expired documents does, so that is off. Needs the right to trace processes (root).
"""

from __future__ import annotations

import argparse
import contextlib
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

from relance.devstack import mongod
from relance.errors import DependencyUnavailable
from tests.another_time.shifter import shifting

ROOT = Path(__file__).parents[2]
LAUNCH = Path(__file__).with_name("launch.py")
SOCKET = "shifter"
PROGRAMS = ("temporal", "prometheus", "date", "node", "prometheus-alertmanager")
IN_THE_PAST = ("openssl",)
"""Servers that are not shifted use its certificates, too: made in the future they would not be valid there yet."""
PYTHONS = ("python", "python3", f"python3.{sys.version_info.minor}")
PYTEST = ("-n", "4", "--dist", "loadfile", "--no-loadscope-reorder")
CANNOT = 2


def main() -> int:
    """Run pytest as asked; return its exit code, or 2 when another time is not possible here."""
    asked = _arguments()
    try:
        with contextlib.ExitStack() as stack:
            python, environment = sys.executable, dict(os.environ)
            if asked.at is not None:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="another-time-")))
                off = timedelta(seconds=round((asked.at - datetime.now(UTC)).total_seconds()))
                python, environment = os.fspath(folder / "bin" / "python"), environment_off(folder, off)
                stack.enter_context(shifting(folder / SOCKET, int(off.total_seconds())))
            stack.enter_context(_busy(asked.busy))
            command = [python, "-m", "pytest", *PYTEST, *asked.pytest]
            return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode
    except (DependencyUnavailable, OSError) as error:
        print(f"cannot run at another time: {error}", file=sys.stderr)
        return CANNOT


def environment_off(folder: Path, off: timedelta) -> dict[str, str]:
    """Write `folder/bin`, whose programs have a clock that is off; return variables with which they start each other.

    Raises:
        DependencyUnavailable: there is no MongoDB.
    """
    prefix, programs = Path(sys.prefix), folder / "bin"
    programs.mkdir()
    (folder / "lib").symlink_to(prefix / "lib")
    shutil.copy(prefix / "pyvenv.cfg", folder)
    path = f"{prefix / 'bin'}:{os.environ.get('PATH', '')}:/usr/sbin"
    python = os.path.realpath(sys.executable)
    launched = [python, "-IS", os.fspath(LAUNCH), os.fspath(folder / SOCKET)]
    shifted = PROGRAMS + (IN_THE_PAST if off < timedelta(0) else ())
    found = {name: shutil.which(name, path=path) for name in shifted} | dict.fromkeys(PYTHONS, python)
    scripts = {name: [*launched, program] for name, program in found.items() if program is not None}
    for name, command in scripts.items():
        # By its first argument, the interpreter knows the environment it belongs to.
        _script(programs / name, shlex.join(command) + ' "$0"')
    _script(
        programs / "mongod", shlex.join([os.fspath(mongod.find_binary()), "--setParameter", "ttlMonitorEnabled=false"])
    )
    for program in (prefix / "bin").iterdir():
        if not (programs / program.name).exists():
            (programs / program.name).symlink_to(program)
    return {**os.environ, "PATH": f"{programs}:{path}", "TZ": "UTC"}


def _script(path: Path, command: str) -> None:
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    path.chmod(0o755)


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
    parser.epilog = "What follows -- is for pytest."
    # Apart, so that the first of it is not taken for the time.
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    return parser.parse_args(sys.argv[1:end], argparse.Namespace(pytest=sys.argv[end + 1 :]))


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} names no zone: write {text}Z")
    return instant


if __name__ == "__main__":
    sys.exit(main())
