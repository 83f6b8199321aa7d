"""`worker.py`, which says how many tasks its event loop has when it gets SIGUSR1.

`python -m benchmarks.counted_worker`, with the options of `worker.py`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import worker

TASKS = "tasks of the event loop: "


def _say(*_: object) -> None:
    # Not through the streams: the signal may have come while the worker writes to them.
    os.write(sys.stderr.fileno(), f"{TASKS}{len(asyncio.all_tasks())}\n".encode())


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _say)
    worker.main()
