"""`starter.py` in a process of its own per command, without the second that an interpreter takes to import it.

A server imports everything once; each command is a fork of it with its own arguments, environment, streams and exit
code. What a start itself can get wrong is shown by commands that are run as they stand: those of the README and of
`tests/cli/test_exit_codes.py`.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
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
from typing import IO, NoReturn

ROOT = Path(__file__).parents[2]
STARTER = str(ROOT / "starter.py")
LARGEST = 200_000
"""Bytes of a request: arguments and environment."""
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
"""What `starter.py` imports when a command needs it."""


def run(arguments: Sequence[str], environment: Mapping[str, str], limit: float) -> subprocess.CompletedProcess[str]:
    """Run a command line to its end.

    Raises:
        subprocess.TimeoutExpired: it did not end within `limit` seconds; it was killed.
    """
    argv = [STARTER, *arguments]
    request = json.dumps({"argv": argv, "environment": dict(environment), "folder": str(Path.cwd())}).encode()
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        Path(os.devnull).open("rb") as nothing,
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection,
    ):
        connection.connect(server())
        socket.send_fds(connection, [request], [one.fileno() for one in (nothing, out, err)])
        pid = int(connection.recv(100))
        connection.settimeout(limit)
        try:
            code = int(connection.recv(100))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            connection.settimeout(None)
            connection.recv(100)
            raise subprocess.TimeoutExpired(argv, limit, _text(out), _text(err)) from None
        return subprocess.CompletedProcess(argv, code, _text(out), _text(err))


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode()


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
    starter = _imported()
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
                _attend(connection, starter)
            connection.close()


def _imported() -> object:
    sys.path.insert(0, str(ROOT))
    starter = import_module("starter")
    import_module("relance.cli.app").build()
    for name in LAZY:
        import_module(name)
    threads = os.listdir("/proc/self/task")
    assert len(threads) == 1, "a process with threads cannot be forked"
    return starter


def _attend(connection: socket.socket, starter: object) -> NoReturn:
    """Become the parent of one command: say its process id, then its exit code as `subprocess` would."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request, streams, _, _ = socket.recv_fds(connection, LARGEST, 3)
    pid = os.fork()
    if pid == 0:
        connection.close()
        _become(json.loads(request), streams, starter)
    connection.send(str(pid).encode())
    _, status = os.waitpid(pid, 0)
    connection.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(request: dict[str, object], streams: Sequence[int], starter: object) -> NoReturn:
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
    os.chdir(str(request["folder"]))
    environment, argv = request["environment"], request["argv"]
    assert isinstance(environment, dict)
    assert isinstance(argv, list)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[:] = argv
    main = starter.main  # type: ignore[attr-defined]
    main()
    raise AssertionError("the command line leaves the process")


if __name__ == "__main__":
    serve(sys.argv[1])
