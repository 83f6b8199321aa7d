"""`python -m tests.operators_day [--json]`: exit code 1 when a figure is wrong."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

from relance.devstack import processes
from tests.operators_day.day import ROOT, STARTER, Day
from tests.operators_day.facts import facts
from tests.operators_day.figures import Figures
from tests.operators_day.steps import exports, live
from tests.support.screen import Session

READY_S, ENDED_S = 120.0, 60.0


def main() -> int:
    """Live a day and tell how it was."""
    parser = argparse.ArgumentParser(prog="python -m tests.operators_day", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    parser.add_argument("--users", type=int, default=60, help="sample users")
    parser.add_argument("--contacts", type=int, default=10, help="contacts of each")
    arguments = parser.parse_args()
    figures = asyncio.run(_day(arguments.users, arguments.contacts))
    print(json.dumps(figures.as_dict()) if arguments.json else "\n".join(figures.table()))
    return 0 if figures.holds else 1


async def _day(users: int, contacts: int) -> Figures:
    day = Day(Figures(), _say)
    with tempfile.TemporaryDirectory(prefix="operators-day-") as folder:
        file = Path(folder) / "dev.env"
        port = processes.free_port()
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("RELANCE_", "TEMPORAL_"))}
        people = ["--users", str(users), "--contacts", str(contacts)]
        command = [*STARTER, "dev", *people, "--mailbox-port", str(port), "--env-file", str(file)]
        day.dev = Session(command, clean, str(ROOT))
        try:
            ready = await asyncio.to_thread(day.dev.until, lambda text: "Ctrl-C stops everything" in text, READY_S)
            day.state("dev", ready, f"is not ready: {day.dev.text[-500:]}")
            day.silent("starter.py dev", day.dev)
            if ready:
                day.environment = exports(file)
                async with facts(day.environment, f"http://{processes.HOST}:{port}") as found:
                    await live(day, found)
            # Nobody waits for what works; its start was looked at above.
            day.dev.rest()
            day.dev.interrupt()
            await asyncio.to_thread(day.dev.wait, ENDED_S)
            shown = day.take("starter.py dev", day.dev, bars=0)
            day.state("dev", shown.code == 0, f"ended with {shown.code}")
        finally:
            if day.dev.code is None:
                day.dev.close()
    return day.figures


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
