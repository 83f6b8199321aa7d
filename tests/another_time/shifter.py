"""Follows each process that asks for it to its `exec`, and shifts the wall clock of the fresh program."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.another_time.vdso import shift

_END_WITH_PARENT = 1
_CONTINUE, _DETACH, _SEIZE = 7, 17, 0x4206
_TRACE_EXEC, _EXECUTED = 0x10, 4 << 8 | signal.SIGTRAP
_ALL = 0x40000000
"""`__WALL`: wait for processes that are not our children."""

_CREDENTIALS = struct.Struct("3i")


@contextmanager
def shifting(path: Path, seconds: int) -> Iterator[None]:
    """Listen at `path` for processes whose programs are to be off by so many seconds.

    Raises:
        OSError: nobody can listen there.
    """
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(path))
        listening.listen(256)
        # A process of its own: who waits for a child of ours must not get to hear what is for the tracer.
        tracer = multiprocessing.get_context("fork").Process(target=_serve, args=(listening, seconds), daemon=True)
        tracer.start()
        try:
            yield
        finally:
            tracer.kill()
            tracer.join()


def _serve(listening: socket.socket, seconds: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    libc.prctl(_END_WITH_PARENT, signal.SIGKILL)
    while True:
        connection, _ = listening.accept()
        # A process may be killed at any moment; who asked for it sees that.
        with connection, contextlib.suppress(OSError):
            _follow(libc, connection, seconds)


def _follow(libc: ctypes.CDLL, connection: socket.socket, seconds: int) -> None:
    size = _CREDENTIALS.size
    pid, _, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    if libc.ptrace(_SEIZE, pid, None, _TRACE_EXEC) < 0:
        return
    connection.send(b"1")
    while os.WIFSTOPPED(status := os.waitpid(pid, _ALL)[1]):
        if status >> 8 == _EXECUTED:
            try:
                shift(pid, seconds)
            finally:
                libc.ptrace(_DETACH, pid, None, None)
            return
        # A signal on its way is passed on; other stops carry an event above it.
        libc.ptrace(_CONTINUE, pid, None, 0 if status >> 16 else os.WSTOPSIG(status))
