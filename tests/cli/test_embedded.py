"""`dev` and `demo`: everything starts, works, and is gone in the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from relance.devstack.processes import is_taken
from tests.cli.terminal import STARTER, Terminal

ACCOUNT = {
    "eligible",
    "sent",
    "skipped",
    "failed",
    "uncertain",
    "balance",
    "mailbox_messages",
    "duplicates",
    "lost",
    "reminders",
    "submitted",
    "expired",
    "duration_s",
}


@pytest.fixture
def clean() -> dict[str, str]:
    """An environment without a given database: the stack must start one of its own."""
    return {name: value for name, value in os.environ.items() if name != "RELANCE_MONGO__URI"}


def children_of(process: psutil.Process) -> list[psutil.Process]:
    return process.children(recursive=True)


def wait_until_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert alive == []


@pytest.mark.slow
def test_the_stack_of_dev_works_until_it_is_interrupted(clean: dict[str, str], tmp_path: Path) -> None:
    command = [*STARTER, "dev", "--data", str(tmp_path), "--users", "3", "--contacts", "2", "--json"]
    with subprocess.Popen(command, env=clean, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = json.loads(process.stdout.readline())
        servers = children_of(psutil.Process(process.pid))
        healthy = Terminal(said["environment"]).json("doctor")
        assert healthy["healthy"] is True
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        process.stdout.read()
        process.stderr.read()
    wait_until_gone(servers)
    ports = [urlsplit(f"//{said['environment']['TEMPORAL_ADDRESS']}").port, urlsplit(said["addresses"]["Mailbox"]).port]
    assert [is_taken(port) for port in ports if port] == [False, False]


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_demo_invites_reminds_and_balances_and_leaves_nothing_behind(clean: dict[str, str]) -> None:
    command = [*STARTER, "demo", "--users", "14", "--contacts", "3", "--json"]
    began = time.monotonic()
    with subprocess.Popen(command, env=clean, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(6)
        servers = children_of(psutil.Process(process.pid))
        out, err = process.communicate(timeout=150)
    assert process.returncode == 0, err
    said = json.loads(out.splitlines()[-1])
    assert set(said) == ACCOUNT
    assert (said["balance"], said["lost"], said["duplicates"], said["uncertain"]) == (0, 0, 0, 0)
    assert said["eligible"] == said["sent"] + said["skipped"] + said["failed"]
    assert said["mailbox_messages"] == said["sent"] + sum(said["reminders"].values())
    assert said["reminders"]["first"] > said["reminders"]["second"] > 0
    assert said["failed"] == 1
    assert said["submitted"] + said["expired"] == said["sent"]
    assert time.monotonic() - began < 90
    assert servers
    wait_until_gone(servers)
