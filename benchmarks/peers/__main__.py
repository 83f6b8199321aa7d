"""The same work by four peers and by Relance: mails sent now, two durable reminders each, then the wave of first ones.

mails_per_s        invitations / wall time until the last one is sent and its reminders are registered durably
reminders_per_s    first reminders / wall time from the instant at which all come due to the last one accepted
lateness_*_s       how long after the instant reminders were accepted; early: how many before it
cpu_ms_per_*       processor time of the peer's own processes and of its server
lost, duplicates   counted at the sink, by recipient, when all has arrived or a minute after the last mail; --kill
                   kills all processes (-9) in the middle of the wave and starts them again

Each runs by itself, with the same bytes over as many connections to the same smtp-sink. Time is not moved: the instant
of the first reminders lies after the end of the sending, by an estimate from 200 mails of warm-up; the second ones stay
four days ahead. The peers' packages are installed into build/peers/venv on first use. Needs the Debian packages
postfix, redis-server and postgresql.
"""

from __future__ import annotations

import json
from typing import Any

from benchmarks.idle import wait_until_idle
from benchmarks.peers import deliveries, environment, measuring, ours
from benchmarks.peers.contenders import CONTENDERS
from benchmarks.peers.servers import program
from benchmarks.people import plain_people
from benchmarks.raw_loop import render
from benchmarks.sinks import open_sink
from benchmarks.table import parser_of, say
from relance.runtime import process_exit
from relance.settings.mail import MailGroup

RELANCE = "relance"
NEEDED = {"smtp-sink": "postfix", "redis-server": "redis-server", "initdb": "postgresql"}
LETTERS = 500
COLUMNS = (
    "mails_per_s",
    "reminders_per_s",
    "lateness_p99_s",
    "cpu_ms_per_mail",
    "cpu_ms_per_reminder",
    "lost",
    "duplicates",
)


async def measure(names: list[str], mails: int, processes: int, connections: int, *, kill: bool) -> dict[str, Any]:
    """Run them one after the other and return the figures of each."""
    for name, package in NEEDED.items():
        program(name, package)
    environment.python()
    letters = render(ours.PERIOD, *plain_people(-(-LETTERS // ours.CONTACTS), ours.CONTACTS))
    results = {}
    for name in names:
        say(f"{name}: {mails} mails")
        with deliveries.place() as dump:
            async with open_sink(dump.parents[1], dump) as sink:
                await wait_until_idle()
                if name == RELANCE:
                    results[name] = await ours.measure(mails, processes, connections, sink, dump, kill=kill)
                    results[name]["settings"] = ours.SETTINGS
                else:
                    contender = CONTENDERS[name]
                    results[name] = await measuring.measure(
                        contender, mails, processes, connections, letters, sink, dump, kill=kill
                    )
                    results[name]["settings"] = contender.settings
    return {
        "mails": mails,
        "processes": processes,
        "connections": connections,
        "mail_bytes": sum(len(message) for _, message in letters) // len(letters),
        **_against_best(results),
        "results": results,
    }


def _against_best(results: dict[str, Any]) -> dict[str, float]:
    peers = [figures for name, figures in results.items() if name != RELANCE]
    if not peers or RELANCE not in results:
        return {}
    ratios = {}
    for field in ("mails_per_s", "reminders_per_s"):
        best, own = max(figures[field] or 0.0 for figures in peers), results[RELANCE][field]
        if own and best:
            ratios[f"{field}_against_best_peer"] = round(own / best, 2)
    return ratios


def table(figures: dict[str, Any]) -> str:
    """Return the figures as a table, with the settings below."""
    rows = [("", *COLUMNS)]
    rows += [(name, *(_shown(one.get(column)) for column in COLUMNS)) for name, one in figures["results"].items()]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines += ["", *(f"{name}: {one['settings']}" for name, one in figures["results"].items()), ""]
    lines += [f"{name} {value}" for name, value in figures.items() if name != "results"]
    return "\n".join(lines)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return " + ".join(f"{part:.2f}" for part in value.values())
    return "-" if value is None else str(value)


def main() -> None:
    """Measure what the command line asks for and print the figures as the last thing."""
    parser = parser_of("peers", __doc__)
    names = [*CONTENDERS, RELANCE]
    parser.add_argument("--mails", type=int, default=2_000, help="invitations of each (default %(default)s)")
    parser.add_argument("--only", choices=names, action="append", help="this one alone; repeatable")
    parser.add_argument("--processes", type=int, default=2, help="of those that can have several (default %(default)s)")
    parser.add_argument(
        "--connections", type=int, default=MailGroup().connections, help="to the sink (default %(default)s)"
    )
    parser.add_argument("--kill", action="store_true", help="kill -9 in the middle of the wave, then start again")
    arguments = parser.parse_args()
    if min(arguments.mails, arguments.processes, arguments.connections) < 1:
        parser.error("every number must be at least 1")

    async def run() -> int:
        figures = await measure(
            arguments.only or names, arguments.mails, arguments.processes, arguments.connections, kill=arguments.kill
        )
        print(json.dumps(figures) if arguments.json else table(figures))
        return process_exit.DONE

    process_exit.run(run)


if __name__ == "__main__":
    main()
