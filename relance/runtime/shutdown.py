"""Turn SIGTERM and SIGINT into something a coroutine can wait for."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading

from relance.runtime.process_exit import DONE, terminate

logger = logging.getLogger(__name__)


def stop_requested(*, within: float | None = None) -> asyncio.Event:
    """Return an event that SIGTERM or SIGINT sets, from now on, in the running loop.

    The first signal asks for a graceful stop (SPEC X5). After it both signals do again what they do by default, so that
    a second Ctrl-C ends a process whose stop hangs. One that is still there `within` seconds of the signal is ended
    with code 0: a relay may take ten minutes for its reply, and what is cut here is taken over as after a crash.
    """
    loop = asyncio.get_running_loop()
    event = asyncio.Event()

    def stop() -> None:
        event.set()
        if within is not None:
            # A thread, because a loop that hangs runs no timer.
            last_call = threading.Timer(within, _leave_now, [within])
            last_call.daemon = True
            last_call.start()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return event


def _leave_now(after: float) -> None:
    logger.warning("something in flight took longer than %.0f s; leaving it to the next attempt", after)
    terminate(DONE)
