"""Run one server and end it as soon as standard input closes: `python -I -S guard.py GRACE COMMAND...`.

The guard is the server's parent, and its standard input is a pipe from the process that wants the server. However that
process ends (return, exception, Ctrl-C, SIGKILL), the kernel closes the pipe, and there is no instant between start and
registration at which a server could be left alone. PR_SET_PDEATHSIG in the server itself would fire when the *thread*
that forked it ends; in the guard, which has one thread only, it is safe and covers a SIGKILL of the guard.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    """Return the server's exit code (128 + signal when a signal ended it)."""
    grace, command = float(arguments[0]), arguments[1:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    wake_reader, wake_writer = os.pipe()
    os.set_blocking(wake_writer, False)
    signal.set_wakeup_fd(wake_writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: _prepare(libc),  # noqa: PLW1509 - there is one thread
    )
    while server.poll() is None:
        readable, _, _ = select.select([sys.stdin.fileno(), wake_reader], [], [])
        if sys.stdin.fileno() in readable:
            _stop(server, grace)
        elif wake_reader in readable:
            os.read(wake_reader, 64)
    return server.returncode if server.returncode >= 0 else 128 - server.returncode


def _prepare(libc: ctypes.CDLL | None) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    if libc is not None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _stop(server: subprocess.Popen[bytes], grace: float) -> None:
    server.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(grace)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
