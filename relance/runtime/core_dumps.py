"""No core dumps: the memory of a process holds names, addresses and keys (SPEC section 13)."""

from __future__ import annotations

import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4


def forbid_core_dumps() -> None:
    """Have this process and its children leave no core, neither as a file nor in a collector of cores.

    The limit is for files. A collector behind a pipe is started whatever the limit says (`core(5)`), so Linux is told
    that the memory is not to be dumped at all; each process says so for itself.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
