"""The console under many viewers while a cycle sends: how fast a change is on every screen, and what viewers cost (K2).

event_to_screen   seconds from the commit of an alert to the event in a viewer's hands, over all alerts and viewers
viewers_cpu_share the share of one core that the gateway's process takes with all viewers, during a cycle
rate              invitations per second of a cycle without viewers, and of one with them
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

from benchmarks.gateway import FREELY
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

ALONE, WATCHED = "2026-11", "2026-12"
ALERT_EVERY_S, CONNECT_EVERY_S = 0.7, 0.03
MARK = "canary"


class Viewer:
    """One open page; `seen` is when each marker came."""

    def __init__(self, port: int, secret: str) -> None:
        self._port, self._secret = port, secret
        self.seen: dict[str, float] = {}
        self.events = 0

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[None]:
        """Look at the page while the block runs."""
        task = asyncio.create_task(self._look())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _look(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**20)
        cookie = f"Cookie: relance_session={self._secret}"
        writer.write(f"GET /console/live/now HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie}\r\n\r\n".encode())
        while line := await reader.readline():
            if line.startswith(b"data:"):
                self.events += 1
                at, text = time.monotonic(), line.decode()
                for part in text.split(f"{MARK}-")[1:]:
                    self.seen.setdefault(part[:6], at)


async def _alert(installation: Installation, number: int) -> str:
    name, now = f"{number:06}", SystemClock().now()
    subject = f"{MARK}-{name}"
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
    await installation.database.raw.alerts.insert_one(raw)
    return name


async def measure(viewers: int, users: int) -> dict[str, Any]:
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
        await installation.start_worker(environment={"RELANCE_GATEWAY__PORT": str(free_port())})
        gateway = await installation.start_worker(role="gateway")
        alone = await _cycle(installation, ALONE)
        say(f"without viewers: {alone:.0f} invitations/s")
        expires_at = SystemClock().now() + timedelta(hours=1)
        person = SignedInPerson("viewer", Role.VIEWER, "token")
        secrets = [(await installation.database.sessions.begin(person, expires_at))[0] for _ in range(viewers)]
        looking = [Viewer(port, secret) for secret in secrets]
        committed: dict[str, float] = {}
        async with AsyncExitStack() as stack_of_viewers:
            for viewer in looking:
                await stack_of_viewers.enter_async_context(viewer.looking())
                # A gateway begins with a hundred requests at once and refuses the rest for a second.
                await asyncio.sleep(CONNECT_EVERY_S)
            while not all(viewer.events for viewer in looking):  # noqa: ASYNC110 - they have no event
                await asyncio.sleep(0.05)
            cpu, began = gateway.cpu_s(), time.monotonic()
            cycle = asyncio.create_task(_cycle(installation, WATCHED))
            while not cycle.done():
                name = await _alert(installation, len(committed))
                committed[name] = time.monotonic()
                await asyncio.wait({cycle}, timeout=ALERT_EVERY_S)
            watched = cycle.result()
            share = (gateway.cpu_s() - cpu) / (time.monotonic() - began)
            await asyncio.sleep(2)
        took = sorted(viewer.seen.get(name, float("inf")) - at for viewer in looking for name, at in committed.items())
        return {
            "viewers": viewers,
            "alerts": len(committed),
            "event_to_screen_p50_s": round(took[len(took) // 2], 3),
            "event_to_screen_p99_s": round(took[len(took) * 99 // 100], 3),
            "viewers_cpu_share": round(share, 3),
            "rate_without": round(alone, 1),
            "rate_with": round(watched, 1),
            "rate_ratio": round(watched / alone, 3),
            "events_per_viewer": round(sum(viewer.events for viewer in looking) / viewers, 1),
        }


async def _cycle(installation: Installation, period: str) -> float:
    began = time.monotonic()
    result = await (await installation.start_cycle(period)).result()
    return float(result.sent / (time.monotonic() - began))


def main() -> None:
    """Measure, and print the figures."""
    parser = parser_of("console", __doc__)
    parser.add_argument("--viewers", type=int, default=50, help="open pages (default %(default)s)")
    parser.add_argument("--users", type=int, default=500, help="with 20 contacts each (default %(default)s)")
    given = parser.parse_args()
    run_and_print(lambda: measure(given.viewers, given.users), as_json=given.json)


if __name__ == "__main__":
    main()
