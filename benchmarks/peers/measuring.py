"""Run one peer: invitations now, two durable reminders each, then the wave of first reminders."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers import environment
from benchmarks.peers.contenders import Contender
from benchmarks.peers.deliveries import Deliveries
from benchmarks.peers.running import Programs, tree_cpu_s
from benchmarks.peers.servers import Store
from benchmarks.raw_loop import Letters
from benchmarks.sinks import Sink
from benchmarks.table import say

DAY_S = 86_400.0
WARM_UP = 200
SPARE_S = 5.0
LOOK_S = 0.1
STALLED_S = 60.0


class Record:
    """What a peer's programs say was accepted, and when."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def instants(self, kind: str) -> list[float]:
        """Return when each mail of a kind was accepted for the first time, in order (Unix seconds)."""
        if not self.path.exists():
            return []
        rows = (line.split() for line in self.path.read_text(encoding="ascii").splitlines())
        found: dict[str, float] = {}
        for name, number, at in rows:
            if name == kind:
                found.setdefault(number, float(at))
        return sorted(found.values())

    async def wait_for(self, kind: str, count: int) -> list[float]:
        """Wait until there are so many of a kind; return those there are when nothing comes any more."""
        found, changed = self.instants(kind), time.monotonic()
        while len(found) < count and time.monotonic() - changed < STALLED_S:
            await asyncio.sleep(LOOK_S)
            before, found = len(found), self.instants(kind)
            if len(found) != before:
                changed = time.monotonic()
        return found


async def measure(
    contender: Contender,
    mails: int,
    processes: int,
    connections: int,
    letters: Letters,
    sink: Sink,
    dump: Path,
    *,
    kill: bool,
) -> dict[str, Any]:
    """Return the figures of one peer.

    Raises:
        RuntimeError: it did not send every invitation, or sending outlasted the instant of the reminders.
    """
    folder = dump.parents[1] / contender.program.removesuffix(".py")
    folder.mkdir(mode=0o755)
    async with contender.store(folder) as store:
        programs, record = _programs(contender, store, processes, connections, letters, sink, folder)
        await programs.start()
        try:
            return await _run(programs, record, store, mails, dump, kill=kill)
        finally:
            await programs.stop()


async def _run(
    programs: Programs, record: Record, store: Store, mails: int, dump: Path, *, kill: bool
) -> dict[str, Any]:
    begun, far = time.time(), time.time() + 3 * DAY_S
    await programs.invite(0, WARM_UP, far, far + 4 * DAY_S)
    warm = await record.wait_for("registered", WARM_UP)
    due = time.time() + SPARE_S + 1.7 * (warm[-1] - begun) * mails / WARM_UP
    cpu, begun = _cpu(programs, store), time.time()
    await programs.invite(WARM_UP, WARM_UP + mails, due, due + 4 * DAY_S)
    registered = await record.wait_for("registered", WARM_UP + mails)
    if len(registered) < WARM_UP + mails or registered[-1] > due - 1:
        late = registered[-1] - due + 1
        raise RuntimeError(
            f"{len(registered) - WARM_UP} of {mails} invitations were sent, the last {late:.1f} s too late"
        )
    sending_cpu = _per_mail(cpu, _cpu(programs, store), mails)
    say(f"{mails / (registered[-1] - begun):.0f} mails/s with reminders registered")
    await asyncio.sleep(max(0.0, due - time.time() - 1))
    cpu = _cpu(programs, store)
    if kill:
        await _kill_in_the_middle(programs, record, mails)
    reminded = await record.wait_for("first", mails)
    if kill:
        # What comes twice may still be on its way.
        await asyncio.sleep(SPARE_S)
    figures: dict[str, Any] = {
        "mails_per_s": round(mails / (registered[-1] - begun), 1),
        "reminders_per_s": None if kill else round(len(reminded) / (reminded[-1] - due), 1),
        "cpu_ms_per_mail": sending_cpu,
        "cpu_ms_per_reminder": None if kill else _per_mail(cpu, _cpu(programs, store), mails),
        "lateness_median_s": round(reminded[len(reminded) // 2] - due, 2),
        "lateness_p99_s": round(reminded[int(len(reminded) * 0.99)] - due, 2),
        "early": sum(at < due for at in reminded),
    }
    return figures | counted(dump, [recipient(number) for number in range(WARM_UP, WARM_UP + mails)])


async def _kill_in_the_middle(programs: Programs, record: Record, mails: int) -> None:
    await record.wait_for("first", mails // 2)
    await programs.kill()
    say("killed in the middle of the wave; starting again")
    await programs.start()


def _programs(
    contender: Contender, store: Store, processes: int, connections: int, letters: Letters, sink: Sink, folder: Path
) -> tuple[Programs, Record]:
    kept, record = folder / "letters", Record(folder / "record")
    kept.write_bytes(b"\n".join(base64.b64encode(message) for _, message in letters))
    variables = {
        "PATH": os.environ["PATH"],
        "PEERS_SERVER": store.address,
        "PEERS_SMTP": f"{sink.address[0]}:{sink.address[1]}",
        "PEERS_CONNECTIONS": str(connections),
        "PEERS_PROCESSES": str(processes),
        "PEERS_LETTERS": str(kept),
        "PEERS_RECORD": str(record.path),
    }
    command = [str(environment.python()), str(Path(__file__).parent / "programs" / contender.program)]
    return Programs(command, variables, 1 if contender.own_processes else processes, folder / "program.log"), record


def recipient(number: int) -> str:
    """Return the address of a contact, as the programs build it."""
    return f"contact{number}@d{number % 7}.example.net"


def counted(dump: Path, recipients: Sequence[str]) -> dict[str, int]:
    """Return what the sink lacks and has too often of an invitation and a reminder for each recipient."""
    found = Deliveries.of(dump, recipients, wanted=2)
    return {"lost": found.lost, "duplicates": found.duplicates}


def _cpu(programs: Programs, store: Store) -> dict[str, float]:
    return {"program": programs.cpu_s(), "server": tree_cpu_s(store.server.guard_pid)}


def _per_mail(before: dict[str, float], after: dict[str, float], mails: int) -> dict[str, float]:
    return {kind: round(1000 * (after[kind] - before[kind]) / mails, 2) for kind in after}
