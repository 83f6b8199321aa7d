"""Become another program whose wall clock is shifted: `launch.py SECONDS PROGRAM NAME [ARGUMENT...]`.

A helper attaches to this process, waits for the `exec`, writes to the fresh program and lets go: nothing of ours stays.
The program has the same process id throughout, so that whoever started it may signal and wait for it.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from vdso import shift  # type: ignore[import-not-found]

_SEIZE, _DETACH, _TRACE_EXEC = 0x4206, 17, 0x10
_EXECUTED = 0x057F | 4 << 16
_SET_PTRACER = 0x59616D61

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def _ptrace(request: int, pid: int, data: int = 0) -> None:
    if _libc.ptrace(request, pid, None, data) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _follow(program: int, seconds: int, attached: int) -> None:
    """Wait for the program's exec and shift its clock."""
    _ptrace(_SEIZE, program, _TRACE_EXEC)
    os.write(attached, b"1")
    os.close(attached)
    while True:
        _, status = os.waitpid(program, 0x40000000)  # __WALL
        if not os.WIFSTOPPED(status):
            return
        if status == _EXECUTED:
            shift(program, seconds)
            _ptrace(_DETACH, program)
            return
        _libc.ptrace(7, program, None, 0 if status >> 16 else os.WSTOPSIG(status))  # continue, with its signal


def main() -> None:
    """Attach a helper, a grandchild so that the program has no child of ours to wait for, and exec."""
    seconds, program, arguments = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    ours, theirs = os.pipe()
    if (child := os.fork()) == 0:
        if os.fork() == 0:
            os.close(ours)
            os.setsid()
            try:
                _follow(_parent, seconds, theirs)
            except OSError as error:
                os.write(2, f"no shifted clock: {error}\n".encode())
                os.kill(_parent, 9)
        os._exit(0)
    os.close(theirs)
    os.waitpid(child, 0)
    if not os.read(ours, 1):
        sys.exit("no shifted clock: the helper could not attach")
    os.close(ours)
    os.execv(program, arguments)


_parent = os.getpid()
_libc.prctl(_SET_PTRACER, ctypes.c_ulong(-1 & (1 << 64) - 1), 0, 0, 0)
main()
