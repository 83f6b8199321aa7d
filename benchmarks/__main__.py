"""Run the benchmarks one after the other and save what they measured, for docs/performance.md.

Each runs in a process of its own, alone. `--scale 0.2` makes every size a fifth. What is saved is added to what the
file holds of the other benchmarks.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.table import parser_of, run_and_print
from relance.devstack import mongod, temporal_server

SIZES: Mapping[str, tuple[str, Mapping[str, int], tuple[str, ...]]] = {
    "cycle": ("cycle", {"--users": 500}, ()),
    "cycle-2": ("cycle", {"--users": 500}, ("--processes", "2")),
    "wave": ("wave", {"--invitations": 10_000}, ()),
    "wave-2": ("wave", {"--invitations": 10_000}, ("--processes", "2")),
    "follow-ups": ("follow_ups", {"--users": 1000}, ()),
    "mailer": ("mailer", {"--mails": 20_000}, ()),
    "claims": ("claims", {"--mails": 10_000}, ()),
    "planning": ("planning", {"--users": 1_000_000}, ()),
    "scaling": ("scaling", {"--sizes": 100_000, "--planned": 0}, ()),
    "soak": ("soak", {"--users": 250}, ("--cycles", "10")),
}
PACKAGES = ("temporalio", "motor", "pymongo", "aiosmtplib", "pydantic")
LIMIT_S = 4 * 3600


def command_of(name: str, scale: float) -> list[str]:
    """Return the arguments after `python -m` that run a benchmark at this scale."""
    module, sizes, rest = SIZES[name]
    words = [f"benchmarks.{module}"]
    for option, size in sizes.items():
        scaled = str(int(size * scale))
        # A tenth of the largest size is what it is compared with.
        words += [option, str(int(size * scale / 10)), scaled] if option == "--sizes" else [option, scaled]
    return [*words, *rest, "--json"]


def measure(names: list[str], scale: float, save: Path | None) -> dict[str, Any]:
    """Run them and return the report; after each one it is saved."""
    report: dict[str, Any] = json.loads(save.read_text(encoding="utf-8")) if save and save.exists() else {"results": {}}
    report |= {"machine": _machine(), "versions": _versions()}
    for name in names:
        words, begun = command_of(name, scale), time.monotonic()
        print(f"python -m {' '.join(words)}", file=sys.stderr, flush=True)
        done = subprocess.run([sys.executable, "-m", *words], stdout=subprocess.PIPE, timeout=LIMIT_S, check=True)
        report["results"][name] = {
            "command": f"python -m {' '.join(words)}",
            "at": datetime.now(UTC).isoformat(timespec="minutes"),
            "seconds": round(time.monotonic() - begun, 1),
            "load": round(os.getloadavg()[1], 1),
            "figures": json.loads(done.stdout.splitlines()[-1]),
        }
        if save is not None:
            save.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return report


def _machine() -> dict[str, Any]:
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1024**3),
    }


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
    for name, binary in (("temporal", temporal_server.find_binary()), ("mongod", mongod.find_binary())):
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
        found[name] = said.splitlines()[0].removeprefix(f"{name} version ").removeprefix("db version v")
    return found


def main() -> None:
    """Run what the command line asks for."""
    parser = parser_of("", __doc__)
    parser.prog = "python -m benchmarks"
    parser.add_argument("--only", choices=SIZES, action="append", help="this one alone; repeatable")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the sizes (default %(default)s)")
    parser.add_argument("--save", type=Path, help="write the report to this file, for docs/generate.py")
    arguments = parser.parse_args()
    if not 0.001 <= arguments.scale <= 10:
        parser.error("the scale must be between 0.001 and 10")

    async def run() -> dict[str, Any]:
        report = measure(arguments.only or list(SIZES), arguments.scale, arguments.save)
        return {name: one["figures"] for name, one in report["results"].items()}

    run_and_print(run, as_json=arguments.json)


if __name__ == "__main__":
    main()
