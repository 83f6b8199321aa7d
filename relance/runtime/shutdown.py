"""Turn SIGTERM and SIGINT into something a coroutine can wait for."""

from __future__ import annotations

import asyncio
import signal


def stop_requested() -> asyncio.Event:
    """Return an event that SIGTERM or SIGINT sets, from now on, in the running loop.

    The first signal asks for a graceful stop (SPEC X5). After it both signals do again what they do by default, so that
    a second Ctrl-C ends a process whose stop hangs.
    """
    loop = asyncio.get_running_loop()
    event = asyncio.Event()

    def stop() -> None:
        event.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return event
