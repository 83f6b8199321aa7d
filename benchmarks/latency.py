"""How far metrics and progress are behind the mailbox, during a real cycle on the embedded stack (SPEC section 11).

A look is as old as the first mail it does not know of: the mailbox's log says when each mail was accepted, a look says
how many it knows of, and it counts from the moment its answer is here. Of the lags of all looks: the median, the 99th
percentile, and the longest.

metrics    a GET of the worker's metrics endpoint, `relance_mails_total`
progress   `cycle status`: the workflows' query `progress`, and the heartbeats of the batches under way
query      the cycle's own query `progress` alone, which learns of a wave when it is done
looks      how often each was looked at while mails went out
"""

from __future__ import annotations

import asyncio
import re
import time
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from benchmarks.cycle import PERIOD
from benchmarks.people import plain_people
from benchmarks.table import parser_of, run_and_print, say
from relance.contracts.cycle import CycleProgress
from relance.contracts.names import Query
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.stack import Stack
from relance.temporal.progress import live_progress
from tests.support.installation import CycleHandle, Installation, installed

LOOK_EVERY_S = 0.2
LIMIT_S = 600.0
_SENT = re.compile(r'^relance_mails_total\{[^}]*result="sent"[^}]*\} (\S+)$', re.MULTILINE)

Count = Callable[[], Awaitable[int]]


@dataclass
class Looks:
    """What one way of looking saw: how many mails, and when the answer was there."""

    count: Count
    seen: list[tuple[float, int]] = field(default_factory=list)

    async def keep_looking(self) -> None:
        """Look until cancelled."""
        while True:
            known = await self.count()
            self.seen.append((datetime.now(UTC).timestamp(), known))
            await asyncio.sleep(LOOK_EVERY_S)

    def lags(self, accepted: Sequence[float]) -> list[float]:
        """Return for each look while mails went out how old the first mail was that it did not know of."""
        under_way = [(at, known) for at, known in self.seen if accepted[0] <= at <= accepted[-1]]
        return [at - accepted[known] if known < bisect_right(accepted, at) else 0.0 for at, known in under_way]


async def measure(users: int, contacts: int) -> dict[str, Any]:
    """Run a cycle, look all the time, and return the figures."""
    async with Stack() as stack, installed(stack, "latency", {"RELANCE_MONITORING__METRICS_PORT": "0"}) as installation:
        await installation.load(*plain_people(users, contacts))
        worker = await installation.start_worker()
        assert worker.metrics_url is not None
        async with httpx.AsyncClient(trust_env=False) as browser, Mailbox(stack.mailbox_http) as mailbox:
            cycle = await installation.start_cycle(PERIOD)
            begun = time.monotonic()
            looks = _ways(installation, cycle, browser, worker.metrics_url)
            looking = [asyncio.create_task(one.keep_looking()) for one in looks.values()]
            ended = asyncio.create_task(cycle.result())
            await asyncio.wait([ended, *looking], timeout=LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
            for task in looking:
                task.cancel()
            failed = [
                one for one in await asyncio.gather(*looking, return_exceptions=True) if isinstance(one, Exception)
            ]
            if failed:
                raise failed[0]
            result = ended.result()
            accepted = sorted(line.time.timestamp() for line in await mailbox.log())
    if len(accepted) != result.sent:
        raise RuntimeError(f"the mailbox has {len(accepted)} mails, the cycle sent {result.sent}")
    say(f"{result.sent} mails in {time.monotonic() - begun:.1f} s")
    return {
        **{name: value for way, one in looks.items() for name, value in _figures(way, one.lags(accepted)).items()},
        "looks": min(len(one.lags(accepted)) for one in looks.values()),
        "mails": result.sent,
        "mails_per_s": round(len(accepted) / (accepted[-1] - accepted[0]), 1),
    }


def _ways(
    installation: Installation, cycle: CycleHandle, browser: httpx.AsyncClient, metrics_url: str
) -> dict[str, Looks]:
    async def metrics() -> int:
        text = (await browser.get(metrics_url)).text
        return sum(int(float(count)) for count in _SENT.findall(text))

    async def progress() -> int:
        return (await live_progress(installation.client, PERIOD)).counts.sent

    async def query() -> int:
        told: CycleProgress = await cycle.query(Query.PROGRESS, result_type=CycleProgress)
        return told.counts.sent

    return {"metrics": Looks(metrics), "progress": Looks(progress), "query": Looks(query)}


def _figures(way: str, lags: Sequence[float]) -> dict[str, float]:
    if not lags:
        raise RuntimeError("the cycle was over before anybody looked; give it more users")
    ordered = sorted(lags)
    return {
        f"{way}_lag_{name}_s": round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)
        for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    }


def main() -> None:
    """Measure what the command line asks for and print the figures as the last thing."""
    parser = parser_of("latency", __doc__)
    parser.add_argument("--users", type=int, default=500, help="users (default %(default)s)")
    parser.add_argument("--contacts", type=int, default=20, help="contacts of each (default %(default)s)")
    arguments = parser.parse_args()
    run_and_print(lambda: measure(arguments.users, arguments.contacts), as_json=arguments.json)


if __name__ == "__main__":
    main()
