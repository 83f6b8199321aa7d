"""Plant people and secrets, live a month, forget some, and search everything: `python -m tests.canary`."""

from __future__ import annotations

import argparse
import json
import sys
import time

from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig

from relance.runtime import process_exit
from tests.canary.scenario import run

BEGUN = time.monotonic()


def main() -> None:
    """Run it; exit code 0 if nothing leaked and everything is forgotten, 1 if not."""
    parser = argparse.ArgumentParser(prog="python -m tests.canary", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--short", action="store_true", help="leave MongoDB's files as they are")
    arguments = parser.parse_args()
    process_exit.run(lambda: _run(arguments), debug=True)


async def _run(arguments: argparse.Namespace) -> int:
    logging = LoggingConfig(filter="off")
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=logging)), error_if_already_set=False)
    report = await run(_say, whole=not arguments.short)
    figures = report.as_dict()
    print(
        json.dumps(figures) if arguments.json else "\n".join(f"{name:<22} {value}" for name, value in figures.items())
    )
    return process_exit.DONE if report.holds else process_exit.JOB_FAILED


def _say(text: str) -> None:
    print(f"{time.monotonic() - BEGUN:4.0f} s  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
