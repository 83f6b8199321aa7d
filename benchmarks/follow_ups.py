"""How many follow-ups are started in a second, next to empty workflows with as many timers.

follow_ups_per_s  a user's follow-ups, started eagerly by the process that serves them, as a batch's activity does
bare_per_s        workflows with nothing but as many timers, without summaries, started and served in the same way, half
                  of them before and half after
ratio             follow_ups_per_s / bare_per_s
cpu_ms            processor time by process for one follow-up, and for one bare workflow
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.idle import wait_until_idle
from benchmarks.meter import difference, per_mail, servers_cpu
from benchmarks.table import parser_of, run_and_print
from relance.devstack import temporal_server


async def measure(users: int, contacts: int) -> dict[str, Any]:
    """Start ours between two halves of the bare ones and return the figures."""
    with tempfile.TemporaryDirectory(prefix="relance-bench-") as folder:
        server = await temporal_server.start(Path(folder))
        try:
            half = max(1, users // 2)
            idle = await wait_until_idle()
            before = await _run(server.address, "bare", half, contacts)
            ours = await _run(server.address, "ours", users, contacts)
            after = await _run(server.address, "bare", half, contacts)
        finally:
            await server.stop()
    bare_per_s = 2 / (1 / before["per_s"] + 1 / after["per_s"])
    return {
        "follow_ups_per_s": round(ours["per_s"], 1),
        "bare_per_s": round(bare_per_s, 1),
        "ratio": round(ours["per_s"] / bare_per_s, 3),
        "cpu_ms": {"worker": round(ours["cpu_ms"], 2), "temporal": ours["temporal_ms"]},
        "bare_cpu_ms": {
            "worker": round((before["cpu_ms"] + after["cpu_ms"]) / 2, 2),
            "temporal": round((before["temporal_ms"] + after["temporal_ms"]) / 2, 2),
        },
        "idle_before": round(idle, 2),
        "users": users,
        "contacts": contacts,
    }


async def _run(address: str, kind: str, count: int, timers: int) -> dict[str, float]:
    cpu = servers_cpu()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.starting", kind, str(count), str(timers)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "TEMPORAL_ADDRESS": address},
    )
    answer, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"starting {kind} workflows failed with code {process.returncode}")
    used = per_mail(difference(cpu, servers_cpu()), count)
    return {**json.loads(answer), "temporal_ms": used["temporal"]}


def main() -> None:
    """Measure what the command line asks for and print the figures as the last thing."""
    parser = parser_of("follow_ups", __doc__)
    parser.add_argument("--users", type=int, default=1000, help="follow-ups (default %(default)s)")
    parser.add_argument("--contacts", type=int, default=20, help="timers of each (default %(default)s)")
    arguments = parser.parse_args()
    if min(arguments.users, arguments.contacts) < 1:
        parser.error("every number must be at least 1")

    run_and_print(lambda: measure(arguments.users, arguments.contacts), as_json=arguments.json)


if __name__ == "__main__":
    main()
