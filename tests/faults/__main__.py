"""Make a fault happen during a cycle on real servers and check that nothing was lost: `python -m tests.faults`."""

from __future__ import annotations

import argparse
import json
import sys

from relance.runtime import exit as way_out
from tests.faults.registry import SCENARIOS
from tests.faults.rehearsal import Report, rehearse
from tests.faults.scenario import Options, Scenario


def main() -> None:
    """Run the scenario of the command line; exit code 0 if every invariant holds, 1 if not, 2 for wrong usage."""
    arguments = _parser().parse_args()
    scenario = SCENARIOS.get(arguments.scenario)
    if scenario is None:
        names = ", ".join(SCENARIOS)
        print(f"error: there is no scenario {arguments.scenario!r}; there are: {names}", file=sys.stderr)
        way_out.leave(way_out.WRONG_USAGE)
    options = Options(arguments.users, arguments.contacts, arguments.kills, arguments.connections, arguments.seed)
    way_out.run(lambda: _run(scenario, options, as_json=arguments.json))


async def _run(scenario: Scenario, options: Options, *, as_json: bool) -> int:
    report = await rehearse(scenario, options, lambda text: print(text, file=sys.stderr, flush=True))
    figures = report.as_dict(scenario.name)
    print(json.dumps(figures) if as_json else _table(report, figures))
    return way_out.DONE if report.holds else way_out.JOB_FAILED


def _table(report: Report, figures: dict[str, object]) -> str:
    rows = [f"{name:>16}  {value}" for name, value in figures.items() if name != "invariants"]
    return "\n".join([*rows, *(f"{verdict.name:>16}  {verdict.finding or 'holds'}" for verdict in report.verdicts)])


def _parser() -> argparse.ArgumentParser:
    listing = "\n".join(f"  {scenario.name:<16} {scenario.summary}" for scenario in SCENARIOS.values())
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults",
        description=__doc__,
        epilog=f"scenarios:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("scenario", help="which fault, see below")
    parser.add_argument("--kills", type=_positive, default=5, help="how often (default %(default)s)")
    parser.add_argument("--users", type=_positive, default=100, help="sample users (default %(default)s)")
    parser.add_argument("--contacts", type=_positive, default=10, help="contacts of each (default %(default)s)")
    parser.add_argument("--connections", type=_positive, default=16, help="per worker process (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="for people and moments (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    main()
