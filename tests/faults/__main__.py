"""Make faults happen on real servers and check that nothing was lost, doubled or made up: `python -m tests.faults`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from relance.runtime import exit as way_out
from tests.faults.registry import SCENARIOS


def main() -> None:
    """Run the scenario of the command line; exit code 0 if everything holds, 1 if not, 2 for wrong usage."""
    arguments = _parser().parse_args()
    way_out.run(lambda: _run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    report = await SCENARIOS[arguments.scenario].run(arguments, lambda text: print(text, file=sys.stderr, flush=True))
    figures = {"scenario": arguments.scenario, **report.as_dict()}
    print(json.dumps(figures) if arguments.json else "\n".join(_rows(figures)))
    return way_out.DONE if report.holds else way_out.JOB_FAILED


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
        its.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return parser


if __name__ == "__main__":
    main()
