"""Let the world outside do its worst, on real servers, and count what comes out wrong: `python -m tests.outside`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig

from relance.devstack.mailbox.client import Mailbox
from relance.devstack.stack import Stack
from relance.runtime import process_exit
from tests.outside.catalogue import FIGURES
from tests.outside.figure import Case, Figure, Stage

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a figure came to."""

    figure: Figure
    cases: list[Case]
    seconds: float

    @property
    def wrong(self) -> list[Case]:
        """The cases that came out wrong; a figure without a case shows nothing."""
        return [one for one in self.cases if one.wrong] if self.cases else [Case("none", "there was no case")]


def main() -> None:
    """Run the figures of the command line; exit code 0 if all are right, 1 if not, 2 for wrong usage."""
    arguments = _arguments()
    process_exit.run(lambda: _run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    wanted = [one for one in FIGURES if not arguments.only or one.name in arguments.only]
    Runtime.set_default(
        Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter="off"))), error_if_already_set=False
    )
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="relance-outside-", ignore_cleanup_errors=True) as name:
        _say("starting Temporal, MongoDB, the mailbox and Everflow")
        async with Stack(Path(name)) as stack, Mailbox(stack.mailbox_http) as mailbox:
            stage = Stage(stack, mailbox, Path(name))
            outcomes = [await _measured(one, stage) for one in wanted]
    seconds = time.monotonic() - begun
    print(json.dumps(report(outcomes, seconds)) if arguments.json else "\n".join(_table(outcomes, seconds)))
    return process_exit.JOB_FAILED if any(one.wrong for one in outcomes) else process_exit.DONE


async def _measured(figure: Figure, stage: Stage) -> Outcome:
    begun = time.monotonic()
    try:
        cases = await figure.cases(stage)
    except Exception as error:  # noqa: BLE001 - the other figures go on; this one is wrong
        cases = [Case("run", f"it ended in {type(error).__name__}: {str(error)[:SHOWN]}")]
    outcome = Outcome(figure, cases, time.monotonic() - begun)
    _say(f"{figure.letter} {figure.name}: {len(outcome.wrong)} of {len(cases)}, {outcome.seconds:.0f} s")
    return outcome


def report(outcomes: Sequence[Outcome], seconds: float) -> dict[str, Any]:
    """Return each figure, how many cases it had, how long it took, and what came out wrong."""
    return {
        **{one.figure.name: len(one.wrong) for one in outcomes},
        "cases": {one.figure.name: len(one.cases) for one in outcomes},
        "seconds": {one.figure.name: round(one.seconds, 1) for one in outcomes},
        "total_seconds": round(seconds, 1),
        "wrong": [
            {"figure": one.figure.name, "case": case.name, "wrong": case.wrong[:SHOWN]}
            for one in outcomes
            for case in one.wrong
        ],
        "right": not any(one.wrong for one in outcomes),
    }


def _table(outcomes: Sequence[Outcome], seconds: float) -> list[str]:
    lines = [f"{'':2} {'figure':<24} {'wrong':>5} {'cases':>6} {'s':>5}  what it counts"]
    for one in outcomes:
        counts = f"{len(one.wrong):>5} {len(one.cases):>6} {one.seconds:>5.0f}"
        lines.append(f"{one.figure.letter:2} {one.figure.name:<24} {counts}  {one.figure.words}")
    lines.append(f"{seconds:.0f} s")
    for one in outcomes:
        lines += [f"{one.figure.name}: {case.name}: {case.wrong[:SHOWN]}" for case in one.wrong]
    return lines


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    names = [one.name for one in FIGURES]
    parser = argparse.ArgumentParser(prog="python -m tests.outside", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=names,
        metavar="FIGURE",
        help=f"this one alone; repeatable: {', '.join(names)}",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    main()
