"""The event API of one gateway process on the embedded stack: how many events, how fast (SPEC G1, section 11).

single     messages of one event each, over 32 connections as fast as they are answered
batches    messages of 100 events
notices    of these two, the seconds until their follow-ups were notified
half       single openings at half the rate of `--aim`, for a minute (MongoDB writes a checkpoint each minute):
           seconds from when an event was due to its answer
half_with_notices  the same with submitted forms, whose follow-ups are notified meanwhile
           of all these, `cpu_ms` is the processor time of a message, by process: all of them share the cores
cycle      opt-outs while a cycle sends: seconds until it was answered, and until nothing more was sent:
           a mail that a connection had taken before may still be accepted by the relay
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cycle import PERIOD
from benchmarks.gateway_load import chunks
from benchmarks.meter import cpu_by_process, difference
from benchmarks.people import plain_people
from benchmarks.table import say
from relance.adapters.clock import SystemClock
from relance.adapters.event_api import EventApi
from relance.adapters.message_ids import SealedMessageIds
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.stack import Stack
from relance.domain.invitations.invitation import DueAt, Invitation, InvitationStatus
from relance.ids import invitation_id
from relance.runtime import process_exit
from relance.settings.gateway import Gateway
from relance.settings.mail import MailGroup
from tests.support.installation import Installation, installed
from tests.support.keys import privacy_of
from tests.support.worker_process import WorkerProcess

ROOT = Path(__file__).parents[1]
BEFORE = "2026-10"
"""The period of the events; it has no follow-ups, so that each is looked for and not found."""
PAUSE_S = 0.01
DRAINED_EVERY_S = 0.2
MINUTE_S = 60
FREELY = {
    "RELANCE_GATEWAY__CLIENT_RATE": "10000",
    "RELANCE_GATEWAY__API_RATE": "100000",
    "RELANCE_GATEWAY__CONNECTIONS_PER_CLIENT": "400",
}
"""Everybody comes from one address here."""


def gateway_settings(installation: Installation) -> Gateway:
    """Return the settings that its environment holds."""
    prefix = "RELANCE_GATEWAY__"
    found = {
        name.removeprefix(prefix).lower(): value
        for name, value in installation.environment.items()
        if name.startswith(prefix)
    }
    return Gateway.model_validate(found)


async def sent_invitations(installation: Installation, count: int, period: str = BEFORE) -> list[str]:
    """Store invitations that were sent; return their ids."""
    now = SystemClock().now()
    entries = [
        Invitation(
            id=invitation_id(period, f"u{number // 20:06}", f"e{number:07}"),
            period=period,
            user_id=f"u{number // 20:06}",
            contact_id=f"e{number:07}",
            status=InvitationStatus.SENT,
            sent_at=now,
            due_at=DueAt(first=now, second=now, expiry=now),
            queued_at=now,
        )
        for number in range(count)
    ]
    for start in range(0, count, 5_000):
        await installation.database.ledger.queue(entries[start : start + 5_000])
    return [one.id for one in entries]


async def load(installation: Installation, bodies: list[str], prefix: str, rate: float | None = None) -> dict[str, Any]:
    """Have another process say these messages; return its figures."""
    settings = gateway_settings(installation)
    order = {
        "port": settings.port,
        "key": settings.signing_keys[0].hex(),
        "bodies": bodies,
        "rate": rate,
        "prefix": prefix,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.gateway_load",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate(json.dumps(order).encode())
    return dict(json.loads(said))


@dataclass(frozen=True, slots=True)
class Meter:
    """A gateway under load, and what everything around it costs."""

    installation: Installation
    gateway: WorkerProcess

    async def load(self, bodies: list[str], prefix: str, rate: float | None = None) -> dict[str, Any]:
        """Have these messages said; return the figures, with the processor time of each."""
        before = self._cpu()
        figures = await load(self.installation, bodies, prefix, rate)
        used = difference(before, self._cpu())
        used = {**used, "client": figures.pop("client_cpu_s")}
        figures["cpu_ms"] = {kind: round(seconds / len(bodies) * 1000, 3) for kind, seconds in used.items()}
        return figures

    async def drained(self) -> float:
        """Wait until every follow-up has been notified; return the seconds it took."""
        begun = time.monotonic()
        while (await self.installation.database.outbox.lag()).waiting:  # noqa: ASYNC110 - another process empties it
            await asyncio.sleep(DRAINED_EVERY_S)
        return time.monotonic() - begun

    def _cpu(self) -> dict[str, float]:
        found = cpu_by_process(self.gateway, None)
        return {"gateway": found["worker"], **{kind: found[kind] for kind in ("mongod", "temporal")}}


async def measure(events: int, aim: float, users: int) -> dict[str, Any]:
    """Return the figures."""
    async with Stack() as stack, installed(stack, "gateway_bench", FREELY) as installation:
        await installation.load(*plain_people(users, 20))
        steady = max(events, int(aim / 2 * MINUTE_S))
        ids = await sent_invitations(installation, 2 * (events + steady))
        gateway = await installation.start_worker(role="gateway")
        single = [json.dumps({"event": "submitted", "invitationId": one}) for one in ids[:events]]
        warm, single = single[: events // 10], single[events // 10 :]
        meter = Meter(installation, gateway)
        await meter.load(warm, "warm")
        alone = await meter.load(single, "single")
        say(f"single: {alone['per_second']:.0f} events/s, ms of processor time: {alone['cpu_ms']}")
        many = [
            json.dumps({"events": [{"event": "submitted", "invitationId": one} for one in some]})
            for some in chunks(ids[events : events * 2], 100)
        ]
        batches = await meter.load(many, "batches")
        batches["events_per_second"] = batches["per_second"] * 100
        figures: dict[str, Any] = {"single": alone, "batches": batches}
        # What one load leaves to be done is not a part of the next.
        figures["notices"] = {"events": events * 2, "seconds": await meter.drained()}
        parts = {
            "half": ("opened", ids[-2 * steady : -steady]),
            "half_with_notices": ("submitted", ids[-steady:]),
        }
        for name, (kind, some) in parts.items():
            half = [json.dumps({"event": kind, "invitationId": one}) for one in some]
            figures[name] = await meter.load(half, name, rate=aim / 2)
            say(f"{name}: p99 {figures[name]['p99'] * 1000:.1f} ms")
            await meter.drained()
        figures["gateway_rss_mb"] = gateway.measure()
        figures["cycle"] = await _while_a_cycle_sends(installation)
        return figures


async def _while_a_cycle_sends(installation: Installation) -> dict[str, Any]:
    await installation.start_worker()
    contacts = await installation.database.raw.contacts.find({}, {"userId": 1}).to_list(None)
    ids = [invitation_id(PERIOD, raw["userId"], raw["_id"]) for raw in contacts]
    running = asyncio.create_task((await installation.start_cycle(PERIOD)).result())
    asked: dict[str, tuple[float, float]] = {}
    async with EventApi.of(gateway_settings(installation)) as api:
        # The last ones are sent to last.
        for id_ in reversed(ids):
            if running.done():
                break
            begun = time.time()
            [said] = await api.send([{"event": "opted_out", "invitationId": id_}])
            if said["answer"] == "taken":
                asked[id_] = begun, time.time()
            await asyncio.sleep(PAUSE_S)
    result = await running
    async with Mailbox(installation.stack.mailbox_http) as mailbox:
        log = await mailbox.log()
    message_ids = SealedMessageIds(privacy_of(installation.environment).link_keys, MailGroup().message_id_domain)
    accepted = {message_ids.read(one.message_id or "") or "": one.time.timestamp() for one in log}
    answered = sorted(end - begun for begun, end in asked.values())
    effective = sorted(max(accepted.get(id_, 0.0), end) - begun for id_, (begun, end) in asked.items())
    return {
        "opted_out": len(asked),
        "of_whom_sent_to_afterwards": sum(accepted.get(id_, 0.0) > end for id_, (_, end) in asked.items()),
        "sent": result.sent,
        "answered_p99": _p99(answered),
        "effective_p99": _p99(effective),
    }


def _p99(seconds: list[float]) -> float | None:
    return seconds[min(len(seconds) * 99 // 100, len(seconds) - 1)] if seconds else None


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway", description=__doc__)
    parser.add_argument("--events", type=int, default=12_000)
    parser.add_argument("--aim", type=float, default=1_500.0, help="events a second of one process")
    parser.add_argument("--users", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()

    async def run() -> int:
        figures = await measure(arguments.events, arguments.aim, arguments.users)
        print(json.dumps(figures, indent=None if arguments.json else 1))
        return process_exit.DONE

    process_exit.run(run)


if __name__ == "__main__":
    main()
