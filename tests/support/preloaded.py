"""`starter.py` and `worker.py` in a process of their own, without the second that an interpreter takes to import them.

A server imports everything once; each process is a fork of it with its own arguments, environment, streams, session and
exit code, and runs the entry's `main()` as it stands, or with `-m` a module. What a start itself can get wrong is shown
by processes that are started as operators do: by the commands of the README, `tests/cli/test_exit_codes.py`, `dev`,
`demo`, the children of a supervisor, `make faults`.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import runpy
import select
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NoReturn

ROOT = Path(__file__).parents[2]
LARGEST = 200_000
"""Bytes of a request: arguments and environment."""
ENTRIES = ("starter", "worker")
LAZY = (
    "composition.probes",
    "relance.runtime.key_admission",
    "relance.adapters.everflow.reports",
    "relance.adapters.mongo.connection",
    "relance.adapters.relay_log.opening",
    "relance.adapters.smtp.opening",
    "relance.gateway.addresses",
    "relance.rendering.cycle_charts",
    "relance.rendering.reminder_charts",
    "relance.runtime.core",
    "relance.runtime.logs",
    "relance.runtime.telemetry",
    "relance.settings.unfit",
    "relance.temporal.alert_groups",
    "relance.temporal.connection",
    "relance.temporal.plugin",
)
"""What the entries import when a command needs it."""


class Preloaded:
    """A running process, with what `relance.devstack.processes.Server` needs of `subprocess.Popen`.

    It is asked to stop when `stdin` is closed, also by our own death, and killed `grace` seconds later.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        streams: tuple[IO[Any], IO[Any]],
        grace: float,
    ) -> None:
        request = {
            "argv": list(command),
            "environment": dict(environment),
            "folder": str(Path.cwd()),
            "grace": grace,
        }
        reader, writer = os.pipe()
        self.stdin: IO[bytes] | None = os.fdopen(writer, "wb")
        self.returncode: int | None = None
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._connection.connect(server())
        with os.fdopen(reader, "rb"):
            descriptors = [reader, *(stream.fileno() for stream in streams)]
            socket.send_fds(self._connection, [json.dumps(request).encode()], descriptors)
        self.pid = int(self._connection.recv(100))

    def poll(self) -> int | None:
        """Return its exit code, 128 + signal when a signal ended it; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return its exit code.

        Raises:
            subprocess.TimeoutExpired: it still runs after `timeout` seconds.
        """
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self.returncode = int(self._connection.recv(100))
            self._connection.close()
        return self.returncode


@cache
def server() -> str:
    """Start the server of this process, once; return its address. Called ahead it takes no time from what runs."""
    folder = tempfile.TemporaryDirectory(prefix="starter-")
    address = f"{folder.name}/socket"
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, address], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"

    def end() -> None:
        process.communicate()
        folder.cleanup()

    atexit.register(end)
    return address


def serve(address: str) -> None:
    """Fork for every request until standard input is closed."""
    _import_entries()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(address)
    listener.listen(50)
    # Attendants are never waited for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.freeze()
    print("ready", flush=True)
    with selectors.DefaultSelector() as waiting:
        waiting.register(listener, selectors.EVENT_READ)
        waiting.register(sys.stdin, selectors.EVENT_READ)
        while all(key.fileobj is listener for key, _ in waiting.select()):
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _attend(connection)
            connection.close()


def _import_entries() -> None:
    sys.path.insert(0, str(ROOT))
    for name in (*ENTRIES, *LAZY):
        import_module(name)
    import_module("relance.cli.app").build()
    threads = os.listdir("/proc/self/task")
    assert len(threads) == 1, "a process with threads cannot be forked"


def _attend(connection: socket.socket) -> NoReturn:
    """Become the parent of one process: say its process id, then its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # Whoever is interrupted with its process group ends the process by closing the pipe.
    os.setsid()
    body, streams, _, _ = socket.recv_fds(connection, LARGEST, 3)
    request = json.loads(body)
    pid = os.fork()
    if pid == 0:
        connection.close()
        _become(request, streams)
    connection.send(str(pid).encode())
    code = _guard(pid, streams[0], request["grace"])
    with contextlib.suppress(BrokenPipeError):
        connection.send(str(code).encode())
    os._exit(0)


def _guard(pid: int, lifeline: int, grace: float) -> int:
    """Wait for a process, or end it as `relance.devstack.guard` would; return its exit code, 128 + the signal."""
    ended = os.pidfd_open(pid)
    if ended not in select.select([lifeline, ended], [], [])[0]:
        os.kill(pid, signal.SIGTERM)
        select.select([ended], [], [], grace)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _become(request: Mapping[str, Any], streams: Sequence[int]) -> NoReturn:
    os.setsid()
    lifeline, out, err = streams
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, stream in enumerate((nothing, out, err)):
        os.dup2(stream, target)
    for stream in (lifeline, nothing, out, err):
        os.close(stream)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv[:] = request["argv"]
    if sys.argv[0] == "-m":
        del sys.argv[0]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        sys.exit()
    entry = sys.modules[Path(sys.argv[0]).stem]
    entry.main()
    raise AssertionError("an entry leaves the process")


if __name__ == "__main__":
    serve(sys.argv[1])
