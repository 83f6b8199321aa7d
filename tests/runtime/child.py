"""A worker as the supervisor sees it: reports its pid and a setting, takes work, drains for as long as told.

`child.py FOLDER [BEHAVIOUR]`: `fails-at-start`, `fails-once-ready`, `drains-slowly`, or `ignores-sigterm`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from relance.runtime.process_exit import run
from relance.runtime.shutdown import stop_requested
from relance.runtime.supervisor import join_supervisor

FOLDER, BEHAVIOUR = Path(sys.argv[1]), sys.argv[2]


async def main() -> int:
    ready = join_supervisor()
    if BEHAVIOUR == "fails-at-start" and os.environ.get("INDEX") == "1":
        return 3
    stop = stop_requested()
    if BEHAVIOUR == "ignores-sigterm":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ready()
    (FOLDER / f"{os.getpid()}.up").write_text(os.environ.get("RELANCE_MONITORING__METRICS_PORT", "none"))
    if BEHAVIOUR == "fails-once-ready":
        return 1
    await stop.wait()
    if BEHAVIOUR == "drains-slowly":
        await asyncio.sleep(1)
    (FOLDER / f"{os.getpid()}.drained").touch()
    return 0


run(main)
