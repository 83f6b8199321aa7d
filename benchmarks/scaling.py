"""Whether ten times the work takes ten times as long, and no more memory.

time_ratio     seconds of the whole cycle per invitation, the largest size against the smallest: the mails behind each
               120 batches wait for the follow-ups of these, so sending alone is no measure
cpu_ratio      processor time per invitation of all processes, likewise; holds beside other work on the machine
memory_ratio   largest resident set of a worker process, likewise, the first reminders of all included
cycle_ms_N     milliseconds of the cycle per invitation at N invitations; cpu_ms_N, peak_rss_mb_N likewise
plan_*         see benchmarks.planning, for --planned users
"""

from __future__ import annotations

from typing import Any

from benchmarks import cycle, planning
from benchmarks.table import parser_of, run_and_print
from relance.settings.mail import MailGroup

CONTACTS = 20
SIZES = [10_000, 100_000, 300_000]


async def measure(sizes: list[int], planned: int) -> dict[str, Any]:
    """Send a cycle of each size, plan the users, and return the figures."""
    seconds, cpu, memory = dict[int, float](), dict[int, float](), dict[int, float]()
    for size in sizes:
        figures = await cycle.measure(-(-size // CONTACTS), CONTACTS, MailGroup().connections, 1)
        seconds[size] = 1000 * figures["cycle_s"] / figures["sent"]
        cpu[size] = sum(
            value
            for phase in ("sending_cpu_ms_per_mail", "follow_up_cpu_ms_per_mail")
            for kind, value in figures[phase].items()
            if kind != "harness"
        )
        memory[size] = figures["peak_rss_mb"]
    plans = await planning.measure(planned) if planned else {}
    small, large = min(sizes), max(sizes)
    return {
        "time_ratio": round(seconds[large] / seconds[small], 3),
        "cpu_ratio": round(cpu[large] / cpu[small], 3),
        "memory_ratio": round(memory[large] / memory[small], 3),
        **{f"cycle_ms_{size}": round(value, 3) for size, value in seconds.items()},
        **{f"cpu_ms_{size}": round(value, 3) for size, value in cpu.items()},
        **{f"peak_rss_mb_{size}": value for size, value in memory.items()},
        **{name: plans[name] for name in ("plan_s", "plan_again_s", "batching_s") if plans},
        "planned_users": planned,
    }


def main() -> None:
    """Measure what the command line asks for and print the figures as the last thing."""
    parser = parser_of("scaling", __doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="invitations sent (default %(default)s)")
    parser.add_argument("--planned", type=int, default=1_000_000, help="users planned; 0: none (default %(default)s)")
    arguments = parser.parse_args()
    if min(arguments.sizes) < CONTACTS or arguments.planned < 0:
        parser.error(f"every size must be at least {CONTACTS}")
    run_and_print(lambda: measure(arguments.sizes, arguments.planned), as_json=arguments.json)


if __name__ == "__main__":
    main()
