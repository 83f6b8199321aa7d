"""The units under deploy/systemd start what is installed, and leave a worker the time it needs."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from relance.runtime.process_exit import WRONG_USAGE
from relance.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())
SUPERVISOR_S = 5
"""What a supervisor gives its processes beyond the drain."""


def _unit(name: str) -> configparser.ConfigParser:
    # A filter of system calls is written in two lines of the same name.
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(ROOT / "deploy" / "systemd" / name)
    return parser


@pytest.mark.parametrize("name", ["relance-worker.service", "relance-gateway.service", "relance-watchdog.service"])
def test_a_service_starts_an_installed_command_as_nobody_special(name: str) -> None:
    service = _unit(name)["Service"]
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert Path(service["ExecStart"].split()[0]).name in scripts
    assert service["User"] == "relance"
    assert service["NoNewPrivileges"] == "yes"
    assert service["LimitCORE"] == "0"


def test_a_worker_may_finish_its_mails_before_it_is_killed() -> None:
    service = _unit("relance-worker.service")["Service"]
    assert service["KillSignal"] == "SIGTERM"
    assert int(service["TimeoutStopSec"]) > Settings().worker.drain.total_seconds() + SUPERVISOR_S


def test_a_worker_that_refuses_to_start_is_not_started_again() -> None:
    assert _unit("relance-worker.service")["Service"]["RestartPreventExitStatus"] == str(WRONG_USAGE)


def test_the_timer_is_that_of_the_watchdog() -> None:
    assert {unit.name for unit in UNITS} >= {"relance-watchdog.timer", "relance-watchdog.service"}
    assert _unit("relance-watchdog.timer")["Timer"]["OnCalendar"] == "*-*-* *:*:00"


def test_systemd_itself_finds_nothing_wrong_where_it_is_installed(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    for unit in UNITS:
        # What the units start is not installed here.
        (tmp_path / unit.name).write_text(unit.read_text().replace("/opt/relance/bin/", "/bin/true "))
    if analyze is not None:
        done = subprocess.run(
            [analyze, "verify", *map(str, sorted(tmp_path.iterdir()))],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")


MOST_EXPOSED = 15
"""Tenths of `systemd-analyze security`'s figure; below 30 it says OK. The network is what is left."""


def test_a_service_may_do_no_more_than_it_does(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    for unit in UNITS:
        if unit.suffix != ".service":
            continue
        assert "CapabilityBoundingSet=\n" in unit.read_text()
        (tmp_path / unit.name).write_text(unit.read_text().replace("/opt/relance/bin/", "/bin/true "))
        if analyze is not None:
            command = [analyze, "security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(tmp_path / unit.name)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, done.stdout.splitlines()[-1]
