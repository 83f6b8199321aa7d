"""The console under many viewers while cycles send: how fast a change is on every screen, and what viewers cost (K2).

Cycles run without viewers and with them in turns, so that what else the machine does falls on both alike.

event_to_screen    seconds from the commit of an alert to the event in a viewer's hands, over all alerts and viewers
viewers_cpu_share  the share of one core that the gateway's process takes with all viewers, during a cycle
rate               invitations per second of the cycles without viewers, and of those with them: the medians, and the
                   median of the ratios of neighbours
cpu_ms             processor time per invitation of worker, mongod, temporal and gateway, without and with viewers;
                   `cpu_ratio` is what the rates' ratio is where processor time is all that is short
clients_cpu_share  the share of one core that the viewers' own process takes, which stands for other machines
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any

import psutil

from benchmarks.gateway import FREELY, ROOT
from benchmarks.meter import difference, servers_cpu
from benchmarks.people import plain_people
from benchmarks.table import parser_of, run_and_print, say
from relance import ids
from relance.adapters.clock import SystemClock
from relance.devstack.processes import free_port
from relance.devstack.stack import Stack
from relance.domain.alerts.model import AlertRecord
from relance.domain.console.people import Role, SignedInPerson
from relance.domain.failures import Severity
from tests.support.installation import Installation, installed
from tests.support.worker_process import WorkerProcess

FIRST_YEAR = 2027
ALERT_EVERY_S, AFTER_S = 0.7, 2.0


@dataclass(frozen=True, slots=True)
class Ran:
    """A cycle that ran: invitations, seconds, and processor seconds by process."""

    sent: int
    took: float
    cpu: dict[str, float]

    @property
    def rate(self) -> float:
        """Invitations per second."""
        return self.sent / self.took

    def cpu_ms(self, *kinds: str) -> float:
        """Return the processor time per invitation of these processes."""
        return 1000 * sum(self.cpu.get(kind, 0.0) for kind in kinds) / self.sent


SERVED = ("worker", "mongod", "temporal", "gateway")


@dataclass
class Bench:
    """An installation with a worker and a gateway."""

    installation: Installation
    worker: WorkerProcess
    gateway: WorkerProcess
    port: int
    rounds: int = 0

    async def cycle(self) -> Ran:
        """Run the cycle of another month."""
        period = f"{FIRST_YEAR + self.rounds // 12}-{self.rounds % 12 + 1:02}"
        self.rounds += 1
        before, began = self._cpu(), time.monotonic()
        result = await (await self.installation.start_cycle(period)).result()
        return Ran(result.sent, time.monotonic() - began, difference(before, self._cpu()))

    def _cpu(self) -> dict[str, float]:
        return {"worker": self.worker.cpu_s(), "gateway": self.gateway.cpu_s(), **servers_cpu()}

    @asynccontextmanager
    async def viewers(self, count: int) -> AsyncIterator[asyncio.subprocess.Process]:
        """Have so many people look at *Now* while the block runs."""
        expires_at = SystemClock().now() + timedelta(hours=1)
        person = SignedInPerson("viewer", Role.VIEWER, "token")
        sessions = self.installation.database.sessions
        secrets = [(await sessions.begin(person, expires_at))[0] for _ in range(count)]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.console_viewers", "--port", str(self.port)),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**24,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write("".join(f"{secret}\n" for secret in secrets).encode() + b"\n")
            if (await process.stdout.readline()).strip() != b"ready":
                raise RuntimeError("the viewers see nothing")
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def alert(self, name: str) -> None:
        """Store an alert that every viewer of the page gets to see."""
        now, subject = SystemClock().now(), f"canary-{name}"
        key = ids.alert_key("cycle-imbalance", subject)
        alert = AlertRecord(
            id=ids.alert_id(key, now),
            key=key,
            group="benchmark",
            rule="benchmark",
            subject=subject,
            severity=Severity.LOW,
            labels={"name": subject},
            fired_at=now,
            updated_at=now,
        )
        raw = {**alert.model_dump(by_alias=True, exclude_none=True, mode="python"), "open": True, "severity": "low"}
        raw["state"] = alert.state.value
        raw.pop("evidence", None)
        await self.installation.database.raw.alerts.insert_one(raw)


@dataclass(frozen=True, slots=True)
class Watched:
    """A cycle that ran under viewers: what they saw, and what they cost."""

    ran: Ran
    took: list[float]
    alerts: int
    events: float
    clients_share: float


async def _watched(bench: Bench, viewers: int) -> Watched:
    committed: dict[str, float] = {}
    async with bench.viewers(viewers) as process:
        clients, began = psutil.Process(process.pid), time.monotonic()
        used = sum(clients.cpu_times()[:2])
        running = asyncio.create_task(bench.cycle())
        while not running.done():
            name = f"{bench.rounds:03}{len(committed):03}"
            await bench.alert(name)
            committed[name] = time.monotonic()
            await asyncio.wait({running}, timeout=ALERT_EVERY_S)
        share = (sum(clients.cpu_times()[:2]) - used) / (time.monotonic() - began)
        await asyncio.sleep(AFTER_S)
        found = json.loads((await process.communicate(b""))[0])
    took = [page["seen"].get(name, float("inf")) - at for page in found for name, at in committed.items()]
    events = sum(page["events"] for page in found) / len(found)
    return Watched(running.result(), took, len(committed), events, share)


async def measure(viewers: int, users: int, rounds: int) -> dict[str, Any]:
    """Return the figures."""
    port = free_port()
    console = {
        **FREELY,
        "RELANCE_GATEWAY__PORT": str(port),
        "RELANCE_GATEWAY__CONNECTIONS": "2000",
        "RELANCE_GATEWAY__CONNECTIONS_PER_CLIENT": "1000",
        "RELANCE_CONSOLE__SIGN_IN": "token",
        "RELANCE_CONSOLE__VIEWERS_AT_ONCE": str(viewers + 10),
    }
    async with Stack() as stack, installed(stack, "console_bench", console) as installation:
        await installation.load(*plain_people(users, 20))
        # Another port: the viewers are to be those of the gateway's process.
        worker = await installation.start_worker(environment={"RELANCE_GATEWAY__PORT": str(free_port())})
        bench = Bench(installation, worker, await installation.start_worker(role="gateway"), port)
        await bench.cycle()
        alone: list[Ran] = []
        watched: list[Watched] = []
        for number in range(rounds):
            # Either goes first in turns: the database grows meanwhile.
            for with_viewers in (number % 2 == 1, number % 2 == 0):
                if with_viewers:
                    watched.append(await _watched(bench, viewers))
                else:
                    alone.append(await bench.cycle())
            say(f"without: {alone[-1].rate:.0f}/s, with {viewers} viewers: {watched[-1].ran.rate:.0f}/s")
        return {"viewers": viewers, "rounds": rounds, **_figures(alone, watched)}


def _figures(alone: list[Ran], watched: list[Watched]) -> dict[str, Any]:
    took = sorted(each for found in watched for each in found.took)
    ran = [found.ran for found in watched]
    without, with_ = (median(each.cpu_ms(*SERVED) for each in those) for those in (alone, ran))
    return {
        "alerts": sum(found.alerts for found in watched),
        "event_to_screen_p50_s": round(took[len(took) // 2], 3),
        "event_to_screen_p99_s": round(took[len(took) * 99 // 100], 3),
        "viewers_cpu_share": round(median(each.cpu["gateway"] / each.took for each in ran), 3),
        "clients_cpu_share": round(median(found.clients_share for found in watched), 3),
        "events_per_viewer_s": round(median(found.events / found.ran.took for found in watched), 2),
        "rate_without": round(median(each.rate for each in alone), 1),
        "rate_with": round(median(each.rate for each in ran), 1),
        "rate_ratio": round(median(two.rate / one.rate for one, two in zip(alone, ran, strict=True)), 3),
        "cpu_ratio": round(without / with_, 3),
        "cpu_ms_without": {kind: round(median(each.cpu_ms(kind) for each in alone), 3) for kind in SERVED},
        "cpu_ms_with": {kind: round(median(each.cpu_ms(kind) for each in ran), 3) for kind in SERVED},
    }


def main() -> None:
    """Measure, and print the figures."""
    parser = parser_of("console", __doc__)
    parser.add_argument("--viewers", type=int, default=50, help="open pages (default %(default)s)")
    parser.add_argument("--users", type=int, default=500, help="with 20 contacts each (default %(default)s)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="pairs of cycles, without viewers and with them (default %(default)s)"
    )
    given = parser.parse_args()
    run_and_print(lambda: measure(given.viewers, given.users, given.rounds), as_json=given.json)


if __name__ == "__main__":
    main()
