"""Months of cycles under all kinds of trouble, many times over: `python -m tests.simulation --seeds 200 --months 3`."""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from typing import Any

from relance.runtime.process_exit import DONE, JOB_FAILED, terminate
from tests.simulation.run import Report, simulate

SAY_EVERY = 10


def main() -> None:
    """Run the seeds of the command line; exit code 0 if everything holds, 1 if not."""
    arguments = _parser().parse_args()
    # Workers that lose their database say so in their logs; here that is the point.
    logging.disable(logging.CRITICAL)
    seeds = [arguments.seed] if arguments.seed is not None else range(1, arguments.seeds + 1)
    # A run makes garbage without cycles, mostly: looking for it takes a tenth of the time.
    gc.set_threshold(200_000, 20, 20)
    begun = time.monotonic()
    reports = list(_run(seeds, arguments.months, arguments.processes))
    summary = _summary(reports, arguments.months, time.monotonic() - begun)
    print(
        json.dumps(summary) if arguments.json else "\n".join(f"{name:<12} {value}" for name, value in summary.items())
    )
    terminate(JOB_FAILED if summary["violations"] else DONE)


def _run(seeds: Sequence[int], months: int, processes: int) -> Iterator[Report]:
    for number, report in enumerate(_reports(seeds, months, min(processes, len(seeds))), start=1):
        if report.violation:
            _say(f"seed {report.seed} after {report.steps} steps: {report.violation}", *report.last)
            _say(f"again: python -m tests.simulation --seed {report.seed} --months {months}", "")
        if number % SAY_EVERY == 0 or number == len(seeds):
            _say(f"{number} of {len(seeds)} seeds")
        yield report


def _reports(seeds: Sequence[int], months: int, processes: int) -> Iterator[Report]:
    if processes == 1:
        yield from (simulate(seed, months) for seed in seeds)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        for done in as_completed([pool.submit(partial(simulate, seed, months)) for seed in seeds]):
            yield done.result()


def _summary(reports: Sequence[Report], months: int, seconds: float) -> dict[str, Any]:
    faults: Counter[str] = Counter()
    for report in reports:
        faults.update(report.faults)
    return {
        "seeds": len(reports),
        "months": months,
        "steps": sum(report.steps for report in reports),
        "attempts": sum(report.attempts for report in reports),
        "mails": sum(report.mails for report in reports),
        "kills": sum(report.kills for report in reports),
        "duplicates": sum(report.duplicates for report in reports),
        "closest_hours": round(min(report.closest_hours for report in reports), 2),
        "faults": dict(sorted(faults.items())),
        "violations": sum(bool(report.violation) for report in reports),
        "failed_seeds": sorted(report.seed for report in reports if report.violation),
        "digests": {report.seed: report.digest for report in reports} if len(reports) == 1 else {},
        "duration_s": round(seconds, 1),
    }


def _say(*lines: str) -> None:
    print(*lines, sep="\n", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, default=20, help="how many, from 1 on")
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--months", type=int, default=3, help="periods of each")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="at once")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    main()
