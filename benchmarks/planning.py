"""How long it takes to plan a period for very many users, and to cut its wave into batches.

plan_s, plan_again_s   the pass that writes every plan, and the hourly one that finds nothing changed
plans_per_s            users / plan_s
batching_s             cutting the one wave of all users into batches of 50
mongod_ms, process_ms  processor time per user of the three together
rss_mb                 largest resident set of the process that plans; it reads its users page by page
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from temporalio.testing import ActivityEnvironment

from activities.attempt import rss_peak_mb
from activities.planning import Planning
from benchmarks.meter import servers_cpu
from benchmarks.table import parser_of, run_and_print
from composition.activities import planning_of
from relance.contracts.cycle import BatchesInput, Boundary, PlanInput, PlanResult
from relance.devstack.stack import Given, Stack
from relance.domain.cycle.send_times import Defaults
from tests.support.fakes import FakeMeter
from tests.support.installation import Installation, installed

PERIOD = "2026-11"
DEFAULTS = Defaults(5, "18:00", "Europe/Paris")
AT = datetime(2026, 11, 1, tzinfo=UTC)
PAGE = 10_000
BATCH, AT_ONCE = 50, 200
R = TypeVar("R")


async def measure(users: int) -> dict[str, Any]:
    """Plan twice and cut into batches; return the figures."""
    async with _prepared(users) as installation:
        planning = planning_of(installation.database, DEFAULTS, FakeMeter(), installation.desk())
        cpu, process = servers_cpu()["mongod"], time.process_time()
        plan_s, planned = await _timed(lambda: _plan(planning, opening=True))
        again_s, again = await _timed(lambda: _plan(planning, opening=False))
        batching_s, batches = await _timed(lambda: _batches(planning))
        if (planned.written, again.written, again.changed, batches) != (users, 0, 0, -(-users // BATCH)):
            raise RuntimeError(f"{planned.written} of {users} planned, {again.changed} changed, {batches} batches")
        return {
            "plan_s": round(plan_s, 2),
            "plans_per_s": round(users / plan_s, 1),
            "plan_again_s": round(again_s, 2),
            "batching_s": round(batching_s, 2),
            "mongod_ms": round(1000 * (servers_cpu()["mongod"] - cpu) / users, 3),
            "process_ms": round(1000 * (time.process_time() - process) / users, 3),
            "rss_mb": round(rss_peak_mb(), 1),
            "users": users,
            "batches": batches,
        }


@asynccontextmanager
async def _prepared(users: int) -> AsyncIterator[Installation]:
    async with (
        Stack(given=Given(mailbox_smtp=("127.0.0.1", 9), mailbox_http="")) as stack,
        installed(stack, "planning") as installation,
    ):
        await installation.database.ensure_indexes()
        for start in range(0, users, PAGE):
            page = range(start, min(start + PAGE, users))
            await installation.database.raw.users.insert_many(
                [{"_id": f"u{number:08d}", "name": "Ursule", "status": "active"} for number in page]
            )
        yield installation


async def _timed(work: Callable[[], Awaitable[R]]) -> tuple[float, R]:
    begun = time.perf_counter()
    result = await work()
    return time.perf_counter() - begun, result


async def _plan(planning: Planning, *, opening: bool) -> PlanResult:
    request = PlanInput(period=PERIOD, at=AT, max_late=timedelta(days=7), opening=opening)
    return await ActivityEnvironment().run(planning.plan, request)


async def _batches(planning: Planning) -> int:
    instant = (await planning.plans.next_instant(PERIOD, excluding=()) or (AT, 0))[0]
    after, count = None, 0
    while found := await _boundaries(planning, instant, after):
        after, count = found[-1].last, count + len(found)
    return count


async def _boundaries(planning: Planning, instant: datetime, after: str | None) -> list[Boundary]:
    request = BatchesInput(period=PERIOD, instant=instant, after_user=after, batch_users=BATCH, limit=AT_ONCE)
    return await ActivityEnvironment().run(planning.boundaries, request)


def main() -> None:
    """Measure what the command line asks for and print the figures as the last thing."""
    parser = parser_of("planning", __doc__)
    parser.add_argument("--users", type=int, default=1_000_000, help="users (default %(default)s)")
    arguments = parser.parse_args()
    if arguments.users < 1:
        parser.error("at least one user")

    run_and_print(lambda: measure(arguments.users), as_json=arguments.json)


if __name__ == "__main__":
    main()
