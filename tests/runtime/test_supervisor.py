"""Several worker processes under one supervisor: real processes, real signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from relance.runtime.supervisor import child_environment
from relance.settings.monitoring import Monitoring
from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
PARENT = Path(__file__).parent / "parent.py"


def _pids(folder: Path, ending: str = "up") -> set[int]:
    return {int(path.stem) for path in folder.glob(f"*.{ending}")}


def _wait_for(condition: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def supervisor(folder: Path, behaviour: str, processes: int = 2, drain: float = 20) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(PARENT), str(folder), behaviour, str(processes), str(drain)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()
            for pid in _pids(folder):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_passed_on_and_the_drain_is_waited_for(tmp_path: Path, number: signal.Signals) -> None:
    with supervisor(tmp_path, "drains-slowly") as process:
        _wait_for(lambda: len(_pids(tmp_path)) == 2)
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0
        assert _pids(tmp_path, "drained") == _pids(tmp_path)


def test_a_child_that_is_killed_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    with supervisor(tmp_path, "steady") as process:
        _wait_for(lambda: len(_pids(tmp_path)) == 2)
        victim, other = _pids(tmp_path)
        os.kill(victim, signal.SIGKILL)
        _wait_for(lambda: len(_pids(tmp_path)) == 3)
        assert psutil.pid_exists(other)
        assert process.poll() is None
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
        assert _pids(tmp_path, "drained") == _pids(tmp_path) - {victim}


def test_a_child_that_keeps_dying_is_replaced_with_growing_pauses(tmp_path: Path) -> None:
    with supervisor(tmp_path, "fails-once-ready", processes=1) as process:
        _wait_for(lambda: len(_pids(tmp_path)) == 3)
        process.terminate()
        assert process.stderr is not None
        pauses = [line.rsplit(" in ")[1].strip() for line in process.stderr if "starting it again" in line]
        assert pauses[:2] == ["0.5 s", "1.0 s"]


def test_a_child_that_fails_at_its_start_stops_all_and_its_code_becomes_ours(tmp_path: Path) -> None:
    with supervisor(tmp_path, "fails-at-start") as process:
        assert process.wait(PATIENCE_S) == 3
        assert not any(psutil.pid_exists(pid) for pid in _pids(tmp_path))


def test_children_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    with supervisor(tmp_path, "steady") as process:
        _wait_for(lambda: len(_pids(tmp_path)) == 2)
        process.kill()
        _wait_for(lambda: _pids(tmp_path, "drained") == _pids(tmp_path))
        _wait_for(lambda: not any(_is_running(pid) for pid in _pids(tmp_path)))


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_child_that_does_not_drain_in_time_is_killed_and_that_is_a_failure(tmp_path: Path) -> None:
    with supervisor(tmp_path, "ignores-sigterm", processes=1, drain=0.5) as process:
        _wait_for(lambda: len(_pids(tmp_path)) == 1)
        process.terminate()
        assert process.wait(PATIENCE_S) == 1
        assert not any(_is_running(pid) for pid in _pids(tmp_path))


def test_ports_of_the_children_are_counted_up_and_free_ones_stay_free() -> None:
    of = child_environment(Monitoring(metrics_port=9464, health_port=9564))
    ports = {"RELANCE_MONITORING__METRICS_PORT": "9466", "RELANCE_MONITORING__HEALTH_PORT": "9566"}
    assert of(2) == ports
    assert child_environment(Monitoring(metrics_port=0))(2) == {}


def test_each_child_has_a_metrics_port_of_its_own(tmp_path: Path) -> None:
    with supervisor(tmp_path, "steady") as process:
        _wait_for(lambda: len(_pids(tmp_path)) == 2)
        _wait_for(lambda: {path.read_text() for path in tmp_path.glob("*.up")} == {"9464", "9465"})
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
