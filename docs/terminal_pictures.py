"""Pictures of a terminal: `doctor`, `why`, and a cycle that is watched, on the embedded stack; SVG, by Rich."""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tests.operators_day.steps import exports
from tests.support.screen import Session, Size

ROOT = Path(__file__).resolve().parent.parent
PERIOD = "2027-03"
WIDTH = 118
LIMIT_S = 180.0


def terminal(images: Path) -> None:
    """Write `terminal-*.svg` into the folder."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "dev.env"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("RELANCE_", "TEMPORAL_"))}
        dev = _session(clean, "dev", "--users", "400", "--contacts", "20", "--env-file", str(file))
        try:
            assert dev.until(lambda text: "Ctrl-C stops everything" in text, LIMIT_S), dev.text
            environment = {**clean, **exports(file)}
            # Until the health check has looked for the first time.
            _pictured(images / "terminal-doctor.svg", environment, "doctor")
            _watch(images / "terminal-watch.svg", environment)
            _pictured(images / "terminal-why.svg", environment, "why", f"{PERIOD}.u0001.c0001-01")
        finally:
            dev.interrupt()
            dev.wait(LIMIT_S)
            dev.close()


def _session(environment: dict[str, str], *arguments: str) -> Session:
    return Session([sys.executable, "starter.py", *arguments], environment, str(ROOT), Size(WIDTH))


def _pictured(file: Path, environment: dict[str, str], *arguments: str) -> None:
    session = _session(environment, *arguments)
    session.wait(LIMIT_S)
    _write(file, " ".join(["starter.py", *arguments]), session.raw)
    session.close()


def _watch(file: Path, environment: dict[str, str]) -> None:
    started = _session(environment, "start", "cycle", "--period", PERIOD, "--now", "--yes")
    assert started.wait(LIMIT_S) == 0, started.text
    started.close()
    session = _session(environment, "cycle", "status", PERIOD, "--watch")
    assert session.until(lambda text: " left" in text, LIMIT_S), session.text
    lines = [session.lines[-1]]
    paused = _session(environment, "cycle", "pause", PERIOD, "--reason", "the relay moves house")
    paused.wait(LIMIT_S)
    paused.close()
    if session.until(lambda text: "paused" in text, LIMIT_S):
        time.sleep(1)
        lines.append(session.lines[-1])
    resumed = _session(environment, "cycle", "resume", PERIOD)
    resumed.wait(LIMIT_S)
    resumed.close()
    session.interrupt()
    session.wait(LIMIT_S)
    session.close()
    _write(file, f"starter.py cycle status {PERIOD} --watch", "\n".join(lines))


def _write(file: Path, title: str, printed: str) -> None:
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text(f"$ {title}", style="bold"))
    console.print(Text.from_ansi(printed.replace("\r\n", "\n").rstrip()), soft_wrap=True)
    # No font from elsewhere: a picture must show without a network.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title=title), flags=re.DOTALL)
    file.write_text(svg, encoding="utf-8")
