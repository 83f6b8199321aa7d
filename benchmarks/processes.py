"""The cycle and the wave with one, two and four worker processes on this machine.

Each figure is that of `benchmarks.cycle` or `benchmarks.wave` by number of processes; the ratios are to the bare loop
of the same run, which has one process.
"""

from __future__ import annotations

from typing import Any

from benchmarks import cycle, wave
from benchmarks.table import parser_of, run_and_print
from relance.settings.mail import MailGroup

CONTACTS = 20
CYCLE = ("invitations_per_s", "ratio", "ratio_by_cpu", "follow_ups_per_s", "peak_rss_mb")
WAVE = ("reminders_per_s", "ratio", "ratio_by_cpu", "lateness_p99_s")


async def measure(invitations: int, numbers: list[int]) -> dict[str, Any]:
    """Run both for each number of processes."""
    result: dict[str, Any] = {}
    connections = MailGroup().connections
    for processes in numbers:
        sent = await cycle.measure(-(-invitations // CONTACTS), CONTACTS, connections, processes)
        reminded = await wave.measure(invitations, connections, processes)
        result |= {f"cycle_{name}_{processes}": sent[name] for name in CYCLE}
        result |= {f"wave_{name}_{processes}": reminded[name] for name in WAVE}
    return {**result, "invitations": invitations}


def main() -> None:
    """Measure what the command line asks for and print the figures as the last thing."""
    parser = parser_of("processes", __doc__)
    parser.add_argument("--invitations", type=int, default=10_000, help="of each run (default %(default)s)")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4], help="(default %(default)s)")
    arguments = parser.parse_args()
    if min(arguments.invitations, *arguments.processes) < 1:
        parser.error("every number must be at least 1")
    run_and_print(lambda: measure(arguments.invitations, arguments.processes), as_json=arguments.json)


if __name__ == "__main__":
    main()
