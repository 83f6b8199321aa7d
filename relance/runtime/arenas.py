"""How many pools of memory glibc's `malloc` keeps for the threads of a process."""

from __future__ import annotations

import ctypes
import sys

ARENAS = 1
"""Only one thread at a time runs Python anyway: with two, sending was no faster."""

_M_ARENA_MAX = -8


def limit_arenas() -> None:
    """Have the threads of this process share one pool, from now on: to be called before there are threads.

    By default there are eight per core (`mallopt(3)`), each grows to what its threads once needed at the same time, and
    what is freed in one is of no use to another: a worker grew by 3 MiB a month, for the ten months that
    `benchmarks.soak` looked at. Other C libraries know no arenas.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(_M_ARENA_MAX, ARENAS)
