"""Run every scenario, some at once, each in a process of its own: one that crashes stops no other."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults.matrix import MATRIX, Row
from tests.faults.registry import SCENARIOS
from tests.faults.scenario import Say
from tests.support.installation import ROOT

SMALL_LIMIT_S, FULL_LIMIT_S = 600.0, 12 * 3600.0
HEADINGS = ("scenario", "holds", "lost", "duplicates", "bound", "ineligible", "seconds")
_NO_FIGURES = {"scenario", "holds", "not_run", "duration_s"}


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one scenario; `figures` is empty if it crashed or took too long, and `trouble` says so."""

    row: Row
    command: str
    figures: Mapping[str, Any]
    trouble: str
    seconds: float

    @property
    def not_run(self) -> str:
        """Why this machine cannot make the fault happen, if it cannot."""
        return str(self.figures.get("not_run", ""))

    @property
    def holds(self) -> bool:
        """Whether it ended as it must."""
        return not self.trouble

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for machines and for `docs/reliability.md`."""
        scenario = SCENARIOS.get(self.row.scenario)
        return {
            "scenario": self.row.scenario,
            "fault": scenario.summary if scenario else "everything at once, in memory and by seed",
            "expected": self.row.expected,
            "command": self.command,
            "holds": self.holds,
            "not_run": self.not_run,
            "trouble": self.trouble,
            "figures": _short(self.figures),
            "seconds": round(self.seconds, 1),
        }


async def run_all(*, full: bool, only: Sequence[str], lanes: int, say: Say) -> dict[str, Any]:
    """Run the rows of the matrix, or only these scenarios, `lanes` of them at once; return the report."""
    begun = time.monotonic()
    rows = [row for row in MATRIX if not only or row.scenario in only]
    # Most of a scenario is waiting: for a server to start, for a heartbeat that does not come.
    free = asyncio.Semaphore(lanes)

    async def run(number: int, row: Row) -> Came:
        async with free:
            say(f"[{number}/{len(rows)}] {row.command(full=full)}")
            one = await _run(row, full=full)
        say(f"[{number}/{len(rows)}] {row.scenario}: {one.trouble or one.not_run or 'holds'} ({one.seconds:.0f} s)")
        return one

    came = await asyncio.gather(*(run(number, row) for number, row in enumerate(rows, start=1)))
    return {
        "scenario": "all",
        "size": "full" if full else "small",
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "cores": os.cpu_count(),
        "lanes": lanes,
        "scenarios": [one.as_dict() for one in came],
        "failed": [one.row.scenario for one in came if not one.holds],
        "not_run": [one.row.scenario for one in came if one.not_run],
        "holds": all(one.holds for one in came),
        "duration_s": round(time.monotonic() - begun, 1),
    }


async def _run(row: Row, *, full: bool) -> Came:
    begun = time.monotonic()
    command = row.command(full=full)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command.split()[1:],
        "--json",
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    trouble = ""
    out = b""
    try:
        async with asyncio.timeout(FULL_LIMIT_S if full else SMALL_LIMIT_S):
            out, _ = await process.communicate()
    except TimeoutError:
        trouble = "it took too long"
    finally:
        if process.returncode is None:
            # Its servers end with it.
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    figures = _last_object(out)
    if not trouble and not figures:
        trouble = f"no result, exit code {process.returncode}"
    if not trouble and process.returncode:
        trouble = "; ".join(_broken(figures)) or f"exit code {process.returncode}"
    return Came(row, command, figures, trouble, time.monotonic() - begun)


def _last_object(out: bytes) -> dict[str, Any]:
    for line in reversed(out.splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        return found if isinstance(found, dict) else {}
    return {}


def _broken(figures: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{name}: {text}" for name, text in figures.get("invariants", {}).items() if text != "holds")
    yield from map(str, figures.get("problems", []))
    if figures.get("violations"):
        yield f"seeds {figures.get('failed_seeds')}"


def _short(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures that fit into a line."""
    return {
        name: value
        for name, value in figures.items()
        if name not in _NO_FIGURES and isinstance(value, int | float | str) and value != ""
    }


def save(report: Mapping[str, Any], path: Path) -> None:
    """Write the report where `docs/generate.py` reads it."""
    path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def table(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a table for people, and what went wrong below it."""
    rows = [HEADINGS, *(_cells(one) for one in report["scenarios"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    for one in report["scenarios"]:
        if one["trouble"] or one["not_run"]:
            yield f"{one['scenario']}: {one['trouble'] or 'not run: ' + one['not_run']}"
    verdict = "all hold" if report["holds"] else f"FAILED: {', '.join(report['failed'])}"
    yield f"{verdict} · {report['duration_s']:.0f} s"


def _cells(one: Mapping[str, Any]) -> tuple[str, ...]:
    verdict = "not run" if one["not_run"] else "yes" if one["holds"] else "NO"
    figures = (str(one["figures"].get(name, "")) for name in HEADINGS[2:-1])
    return (one["scenario"], verdict, *figures, f"{one['seconds']:.0f}")
