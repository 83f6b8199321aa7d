"""What one user with a very large address book costs the worker that sends his batch.

longest_step_ms      longest step of the event loop while the batch runs, by the clock
longest_step_cpu_ms  the same in processor time of the loop's thread: what the machine's other work does not change
memory_mib           largest growth of what Python has allocated (tracemalloc), in a batch of its own
rss_mib              growth of the resident set meanwhile, the driver's threads included
batch_s              how long the batch took; without a relay
sent, skipped, balance   of both batches: what was handed over, what is beyond the limit, what is unaccounted for

Exit code 1: a step takes more than 50 ms of processor time, more than 16 MiB are needed, or the balance is not 0.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import tempfile
import time
import tracemalloc
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from pydantic import SecretStr
from temporalio.testing import ActivityEnvironment

from activities.invitations import Invitations
from activities.planning import Planning
from activities.unsent import Unsent
from relance.adapters.message_ids import SealedMessageIds
from relance.adapters.mongo.connection import Database, connect
from relance.contracts.cycle import BatchInput, BatchResult, Boundary, PlanInput
from relance.devstack import mongod
from relance.domain.cycle.error_gate import GatePolicy
from relance.domain.cycle.send_times import Defaults
from relance.domain.invitations.bounds import CONTACTS_PER_USER, Bounds
from relance.ports import OutgoingMail
from relance.runtime import process_exit
from relance.sending.control_watch import ControlPoller
from relance.sending.error_gate import Gates
from relance.sending.sender import Sender
from relance.services.alerts import AlertService
from relance.services.cycle_statistics import balance_period
from relance.settings import Mongo
from tests.support.fakes import FakeAlertGroups, FakeMailer, FakeMeter, FixedClock
from tests.support.keys import PRIVACY

PERIODS = ("2026-10", "2026-11", "2026-12")
"""The first one warms up what is loaded once; the second is timed, the third is weighed."""
OTHERS, OTHERS_CONTACTS = 9, 20
PAGE = 10_000
MOST_MS, MOST_MIB = 50.0, 16.0


class Forgetful(FakeMailer):
    """Accepts every mail and keeps none."""

    async def send(self, letter: OutgoingMail) -> None:
        """Accept a mail."""
        await asyncio.sleep(0)


class Steps:
    """The longest step of the event loop: it is asked for a turn in every one of them."""

    def __init__(self) -> None:
        self.wall_s = self.cpu_s = 0.0

    async def watch(self) -> None:
        """Watch until cancelled."""
        wall, cpu = time.perf_counter(), time.thread_time()
        while True:
            await asyncio.sleep(0)
            now_wall, now_cpu = time.perf_counter(), time.thread_time()
            self.wall_s, self.cpu_s = max(self.wall_s, now_wall - wall), max(self.cpu_s, now_cpu - cpu)
            wall, cpu = now_wall, now_cpu


async def measure(contacts: int, limit: int) -> dict[str, Any]:
    """Load the people, send the batches and return the figures."""
    with tempfile.TemporaryDirectory(prefix="relance-bench-") as folder:
        server = await mongod.start(Path(folder), cache_gb="1")
        try:
            mongo = Mongo(uri=SecretStr(server.uri), database="benchmark_address_book")
            database = connect(mongo, PRIVACY, bounds=Bounds(contacts_per_user=limit))
            await database.ensure_indexes()
            await _load(database, contacts)
            figures = await _measured(database)
            await database.close()
        finally:
            await server.stop()
    return {"contacts": contacts, "limit": limit, **figures}


async def _measured(database: Database) -> dict[str, Any]:
    warm_up, timed, weighed = PERIODS
    await _batch(database, warm_up)
    process, steps = psutil.Process(), Steps()
    resident, begun = process.memory_info().rss, time.perf_counter()
    watching = asyncio.create_task(steps.watch())
    await _batch(database, timed)
    took = time.perf_counter() - begun
    watching.cancel()
    grown = process.memory_info().rss - resident
    tracemalloc.start()
    result = await _batch(database, weighed)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    balances = [await balance_period(database.ledger, database.plans, period) for period in (timed, weighed)]
    return {
        "longest_step_ms": round(steps.wall_s * 1000, 1),
        "longest_step_cpu_ms": round(steps.cpu_s * 1000, 1),
        "memory_mib": round(peak / 2**20, 1),
        "rss_mib": round(grown / 2**20, 1),
        "batch_s": round(took, 2),
        "sent": [one.sent for one in balances],
        "skipped": [one.skipped for one in balances],
        "balance": [one.balance for one in balances],
        "counts": result.counts.model_dump(include={"sent", "skipped"}),
    }


async def _batch(database: Database, period: str) -> BatchResult:
    at = datetime.fromisoformat(f"{period}-05T17:00:00+00:00")
    clock, meter = FixedClock(at), FakeMeter()
    sender = Sender(
        database.ledger,
        database.contacts,
        Forgetful(),
        meter,
        clock,
        SealedMessageIds(PRIVACY.link_keys, "bench.example"),
    )
    sending = Invitations(
        users=database.users,
        contacts=database.contacts,
        suppressions=database.suppressions,
        plans=database.plans,
        ledger=database.ledger,
        sender=sender,
        control=ControlPoller(database.controls),
        gates=Gates(GatePolicy(canary=0, size=0), database.error_gates, _never, "bench:1", clock),
    )
    defaults = Defaults(5, "18:00", "UTC")
    unsent = Unsent(
        database.users,
        database.contacts,
        database.suppressions,
        database.plans,
        database.ledger,
        database.controls,
        database.unsent,
        defaults,
    )
    desk = AlertService(database.alerts, database.silences, FakeAlertGroups(), clock)
    planning = Planning(database.users, database.plans, defaults, meter, database.quarantine, unsent, desk)
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, workflow_id=f"cycle/{period}")
    await environment.run(
        planning.plan, PlanInput(period=period, at=at - timedelta(days=3), max_late=timedelta(days=7))
    )
    wave = await database.plans.next_instant(period)
    assert wave is not None
    boundary = Boundary(after=None, last="zzz", users=OTHERS + 1)
    batch = BatchInput(
        period=period, instant=wave[0], boundary=boundary, at=wave[0], expiry_days=30, max_late=timedelta(days=7)
    )
    return await environment.run(sending.send_batch, batch)


async def _never(period: str, trip: object) -> None:
    raise AssertionError(f"{period} was paused: {trip}")


async def _load(database: Database, contacts: int) -> None:
    users = ["giant", *(f"user{number}" for number in range(OTHERS))]
    await database.raw.users.insert_many(
        [{"_id": user, "name": user, "email": f"{user}@example.com", "status": "active"} for user in users]
    )
    await _load_contacts(database, "giant", range(contacts))
    for user in users[1:]:
        await _load_contacts(database, user, range(OTHERS_CONTACTS))


async def _load_contacts(database: Database, user: str, numbers: Sequence[int]) -> None:
    for start in range(0, len(numbers), PAGE):
        await database.raw.contacts.insert_many(
            [
                {
                    "_id": f"{user}-{number:07d}",
                    "userId": user,
                    "name": f"Zoé Martin {number}",
                    "email": f"{user}.{number}@d{number % 7}.example.net",
                    "status": "active",
                }
                for number in numbers[start : start + PAGE]
            ],
            ordered=False,
        )


def main() -> None:
    """Measure what the command line asks for and print the figures as the last thing."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.address_book",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--contacts", type=int, default=100_000, help="contacts of the user (default %(default)s)")
    parser.add_argument(
        "--limit", type=int, default=CONTACTS_PER_USER, help="contacts that are looked at (default %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()

    async def run() -> int:
        figures = await measure(arguments.contacts, arguments.limit)
        table = "\n".join(f"{name:>20}  {value}" for name, value in figures.items())
        print(json.dumps(figures) if arguments.json else table)
        return process_exit.JOB_FAILED if too_much(figures) else process_exit.DONE

    process_exit.run(run)


def too_much(figures: dict[str, Any]) -> bool:
    """Tell whether it costs more than it may."""
    return figures["longest_step_cpu_ms"] > MOST_MS or figures["memory_mib"] > MOST_MIB or any(figures["balance"])


if __name__ == "__main__":
    main()
