"""Make faults happen on real servers and check that nothing was lost, doubled or made up: `python -m tests.faults`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from relance.runtime import process_exit
from tests.faults.everything import run_all, save, table
from tests.faults.matrix import MATRIX
from tests.faults.registry import SCENARIOS

ALL = "all"


def main() -> None:
    """Run the scenario of the command line; exit code 0 if everything holds, 1 if not, 2 for wrong usage."""
    arguments = parsed(sys.argv[1:])
    process_exit.run(lambda: _run_all(arguments) if arguments.scenario == ALL else _run(arguments))


def parsed(words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of a command line; what is written there comes before the sizes of `--full`."""
    parser = _parser()
    arguments = parser.parse_args(words)
    sizes = next((row.full for row in MATRIX if row.scenario == arguments.scenario), "")
    return parser.parse_args([words[0], *sizes.split(), *words[1:]]) if arguments.full and sizes else arguments


async def _run_all(arguments: argparse.Namespace) -> int:
    report = await run_all(full=arguments.full, only=arguments.only or (), lanes=arguments.lanes, say=_say)
    if arguments.save:
        save(report, arguments.save)
    print(json.dumps(report) if arguments.json else "\n".join(table(report)))
    return process_exit.DONE if report["holds"] else process_exit.JOB_FAILED


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


async def _run(arguments: argparse.Namespace) -> int:
    report = await SCENARIOS[arguments.scenario].run(arguments, _say)
    figures = {"scenario": arguments.scenario, **report.as_dict()}
    print(json.dumps(figures) if arguments.json else "\n".join(_rows(figures)))
    return process_exit.DONE if report.holds else process_exit.JOB_FAILED


def _rows(figures: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    for name, value in figures.items():
        if isinstance(value, dict):
            yield f"{indent}{name}"
            yield from _rows(value, indent + "  ")
        else:
            yield f"{indent}{name:<{28 - len(indent)}} {value}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    scenarios = parser.add_subparsers(dest="scenario", metavar="SCENARIO", required=True)
    for scenario in SCENARIOS.values():
        its = scenarios.add_parser(
            scenario.name,
            help=scenario.summary,
            description=scenario.summary,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        scenario.options(its)
        _declare_common(its)
    everything = scenarios.add_parser(ALL, help="every scenario", description="Run every scenario.")
    everything.add_argument(
        "--only", action="append", choices=[row.scenario for row in MATRIX], help="this scenario alone; repeatable"
    )
    everything.add_argument("--lanes", type=int, choices=range(1, 9), default=3, help="how many at once")
    everything.add_argument("--save", type=Path, help="write the report to this file, for docs/generate.py")
    _declare_common(everything)
    return parser


def _declare_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--full", action="store_true", help="the sizes of a release instead of those of every push")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")


if __name__ == "__main__":
    main()
