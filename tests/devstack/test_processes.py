from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from relance.devstack import processes
from relance.errors import DependencyUnavailable, InvalidInput

ROOT = Path(__file__).parents[2]

# Prints the process ids of everything it started, then lives until it is ended in the way the test wants.
PARENT = """
import asyncio, signal, sys
from pathlib import Path
import psutil
from relance.devstack.stack import Stack
from relance.errors import SettingsError

# Whoever runs the tests in the background of a shell has it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

async def main():
    async with Stack(Path(sys.argv[2])) as stack:
        pids = [child.pid for child in psutil.Process().children(recursive=True)]
        print(stack.temporal_address, *pids, flush=True)
        if sys.argv[1] == "fail":
            raise SettingsError("on purpose")
        if sys.argv[1] == "wait":
            await asyncio.sleep(600)

asyncio.run(main())
"""


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _all_gone(pids: list[int], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if all(map(_is_gone, pids)):
            return True
        time.sleep(0.1)
    return False


def _ports(pid: int) -> list[int]:
    try:
        connections = psutil.Process(pid).net_connections()
    except psutil.NoSuchProcess:
        return []
    return [one.laddr.port for one in connections if one.status == psutil.CONN_LISTEN]


@contextlib.contextmanager
def _parent(ending: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], list[int], list[int]]]:
    """Start a process with a whole stack; give (it, pids of all its servers and guards, their ports)."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("RELANCE_MONGO__URI", None)
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, ending, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        try:
            pids = [int(word) for word in process.stdout.readline().split()[1:]]
            yield process, pids, [port for pid in pids for port in _ports(pid)]
        finally:
            process.kill()


@pytest.mark.parametrize("ending", ["return", "fail"])
def test_no_process_survives_a_return_or_an_exception(ending: str, tmp_path: Path) -> None:
    with _parent(ending, tmp_path) as (process, pids, _):
        assert process.wait(30) == (1 if ending == "fail" else 0)
        assert len(pids) == 8
        assert _all_gone(pids, within_s=5)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_and_no_port_survives_a_signal_to_the_parent(number: signal.Signals, tmp_path: Path) -> None:
    with _parent("wait", tmp_path) as (process, pids, ports):
        assert len(pids) == 8
        assert len(ports) >= 5
        process.send_signal(number)
        process.wait(30)
        assert _all_gone(pids, within_s=15)
        assert not [port for port in ports if processes.is_taken(port)]


def test_no_server_survives_a_kill_of_its_guard(tmp_path: Path) -> None:
    server = processes.start("sleeper", ["sleep", "600"], tmp_path / "log")
    child = _only_child(server.guard_pid)
    os.kill(server.guard_pid, signal.SIGKILL)
    assert _all_gone([child], within_s=5)
    asyncio.run(server.stop())


def test_a_parent_killed_right_after_the_start_leaves_nothing(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from relance.devstack import processes\n"
        "server = processes.start('sleeper', ['sleep', '600.25'], Path(sys.argv[1]))\n"
        "print(server.guard_pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "log")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        timeout=30,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert _all_gone([int(done.stdout)], within_s=5)
    assert not [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", "600.25"]]


async def test_a_server_that_ignores_sigterm_is_killed_after_the_grace(tmp_path: Path) -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\n"
    command = [sys.executable, "-c", stubborn + "while True: time.sleep(1)"]
    server = processes.start("stubborn", command, tmp_path / "log", grace_s=0.3)
    await server.ready(asyncio.to_thread(_wait_for_line, server, "up"), deadline_s=10)
    child = _only_child(server.guard_pid)
    await server.stop()
    await server.stop()
    assert _is_gone(child)


async def test_a_server_that_ends_early_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    server = processes.start("broken", ["sh", "-c", "echo cannot find my config; exit 3"], tmp_path / "log")
    with pytest.raises(DependencyUnavailable, match=r"(?s)broken is unavailable: ended with code 3.*my config"):
        await server.ready(asyncio.sleep(60), deadline_s=30)


async def test_a_server_that_never_answers_is_reported_at_its_deadline_and_stopped(tmp_path: Path) -> None:
    server = processes.start("silent", ["sleep", "600"], tmp_path / "log")
    with pytest.raises(DependencyUnavailable, match=r"not ready after 0\.2 s"):
        await server.ready(asyncio.sleep(60), deadline_s=0.2)
    assert not server.running


def test_a_command_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    async def scene() -> None:
        server = processes.start("missing", ["/nowhere/mongod"], tmp_path / "log")
        with pytest.raises(DependencyUnavailable, match="/nowhere/mongod"):
            await server.ready(asyncio.sleep(60), deadline_s=30)

    asyncio.run(scene())


def test_a_given_port_that_is_taken_is_a_clear_error() -> None:
    with socket.create_server((processes.HOST, 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(InvalidInput, match=rf"Temporal port: port {port} of 127.0.0.1 is already taken"):
            processes.choose_port(port, "Temporal port")
    assert processes.choose_port(port, "Temporal port") == port


def _wait_for_line(server: processes.Server, line: str) -> None:
    while line not in server.log_tail():
        time.sleep(0.02)


def _only_child(pid: int) -> int:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        children: list[psutil.Process] = psutil.Process(pid).children()
        if children:
            return children[0].pid
        time.sleep(0.02)
    raise AssertionError("the guard started nothing")


def test_a_chosen_port_is_nobody_elses_on_this_machine_also_with_another_folder_for_temporary_files(
    tmp_path: Path,
) -> None:
    port = processes.free_port()
    choose = f"from relance.devstack import processes as p; p.PORTS = range({port}, {port + 1}); p.free_port()"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    other = subprocess.run(
        [sys.executable, "-c", choose], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert other.returncode != 0
    assert "no free port between" in other.stderr
