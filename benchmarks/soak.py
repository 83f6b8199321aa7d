"""Month after month in one worker process: does anything grow?

rss_slope_mb      change of the resident set per cycle, by least squares over the cycles after the warm-up
sockets_slope     the same of open sockets; threads_slope of threads, tasks_slope of tasks of the event loop
sockets_left      how many more there are at the end than after the warm-up; tasks_left likewise
rss_mb            the resident set after each cycle, once the worker idles; sockets, threads, tasks likewise
"""

from __future__ import annotations

import asyncio
import re
import signal
import statistics
from typing import Any, NamedTuple

import psutil

from benchmarks.counted_worker import TASKS
from benchmarks.people import plain_people
from benchmarks.prepared import prepared
from benchmarks.table import parser_of, run_and_print
from tests.support.installation import Installation
from tests.support.worker_process import WorkerProcess

COUNTED = ("-m", "benchmarks.counted_worker")
CONTACTS = 20
WARM_UP = 2
IDLE_S = 35.0
"""Longer than the pool keeps connections to the relay that nobody uses."""
ANSWER_S = 30.0
LOOKS, LOOK_EVERY_S = 3, 8.0
"""What runs every few minutes keeps sockets open for some seconds: the least of a few looks is what is left."""
YEAR = 2026
_ANSWER = re.compile(f"{TASKS}(\\d+)\n")


class Size(NamedTuple):
    """A worker at rest."""

    rss_mb: float
    sockets: int
    threads: int
    tasks: int


async def measure(cycles: int, users: int) -> dict[str, Any]:
    """Send one month after the other and return how the worker's size changed."""
    people = plain_people(users, CONTACTS)
    async with prepared(*people) as (installation, _):
        worker = await installation.start_worker(program=COUNTED)
        sizes = [await _month(installation, worker, number, len(people[1])) for number in range(cycles)]
        peak = worker.measure()
        await worker.stop()
    after = sizes[min(WARM_UP, cycles - 2) :]
    return {
        "rss_slope_mb": round(_slope([size.rss_mb for size in after]), 3),
        "sockets_slope": round(_slope([size.sockets for size in after]), 3),
        "threads_slope": round(_slope([size.threads for size in after]), 3),
        "tasks_slope": round(_slope([size.tasks for size in after]), 3),
        "sockets_left": after[-1].sockets - after[0].sockets,
        "tasks_left": after[-1].tasks - after[0].tasks,
        "peak_rss_mb": round(peak, 1),
        "rss_mb": [round(size.rss_mb, 1) for size in sizes],
        "sockets": [size.sockets for size in sizes],
        "threads": [size.threads for size in sizes],
        "tasks": [size.tasks for size in sizes],
        "cycles": cycles,
        "invitations": len(people[1]),
    }


async def _month(installation: Installation, worker: WorkerProcess, number: int, mails: int) -> Size:
    period = f"{YEAR + number // 12}-{number % 12 + 1:02d}"
    cycle = await installation.start_cycle(period)
    result = await cycle.result()
    if result.sent != mails or result.balance:
        raise RuntimeError(f"{result.sent} of {mails} mails were sent in {period}, balance {result.balance}")
    await asyncio.sleep(IDLE_S)
    return await size_of(worker)


async def size_of(worker: WorkerProcess, apart: float = LOOK_EVERY_S) -> Size:
    """Return how large a worker is that `benchmarks.counted_worker` runs."""
    process, looks = psutil.Process(worker.process.pid), list[Size]()
    for _ in range(LOOKS):
        await asyncio.sleep(apart)
        rss_mb, sockets = process.memory_info().rss / 1024**2, len(process.net_connections())
        looks.append(Size(rss_mb, sockets, process.num_threads(), await _tasks(worker)))
    return Size(*(min(values) for values in zip(*looks, strict=True)))


async def _tasks(worker: WorkerProcess) -> int:
    answers = len(_ANSWER.findall(worker.output))
    worker.process.send_signal(signal.SIGUSR1)
    async with asyncio.timeout(ANSWER_S):
        while len(found := _ANSWER.findall(worker.output)) == answers:  # noqa: ASYNC110 - another process answers
            await asyncio.sleep(0.05)
    return int(found[-1])


def _slope(values: list[float] | list[int]) -> float:
    return statistics.linear_regression(range(len(values)), values).slope


def main() -> None:
    """Measure what the command line asks for and print the figures as the last thing."""
    parser = parser_of("soak", __doc__)
    parser.add_argument("--cycles", type=int, default=10, help="months (default %(default)s)")
    parser.add_argument("--users", type=int, default=250, help="with 20 contacts each (default %(default)s)")
    arguments = parser.parse_args()
    if arguments.cycles < 3 or arguments.users < 1:
        parser.error("at least three cycles and one user")
    run_and_print(lambda: measure(arguments.cycles, arguments.users), as_json=arguments.json)


if __name__ == "__main__":
    main()
