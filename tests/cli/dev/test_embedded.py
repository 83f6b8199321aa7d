"""`dev` and `demo`: everything starts, works, and is gone in the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from relance.devstack.processes import is_taken
from tests.support.patience import PATIENCE_S
from tests.support.preloaded_starter import STARTER
from tests.support.terminal import Terminal

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
    "unsubscribed",
    "bounced",
    "expired",
    "events_over_http",
    "one_click",
    "bounce_reports",
    "alerts",
    "checks",
    "duration_s",
}


@pytest.fixture
def clean() -> dict[str, str]:
    """An environment without a given database: the stack must start one of its own."""
    return {name: value for name, value in os.environ.items() if name != "RELANCE_MONGO__URI"}


def children_of(process: psutil.Process) -> list[psutil.Process]:
    return process.children(recursive=True)


def wait_until_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE_S)
    assert alive == []


def check_the_partner_desk(terminal: Terminal, chat: str) -> None:
    schedules = {line["id"] for line in terminal.json("schedules", "list")["schedules"]}
    assert schedules >= {"default-lp", "paused-partner"}
    assert terminal.json("start", "default-lp", "--wait")["findings"] == 1
    assert [alert["group"] for alert in terminal.json("alerts", "list")["alerts"]] == ["default-lp"]
    deadline = time.monotonic() + PATIENCE_S
    while not (posted := httpx.get(f"{chat}/messages").json()):
        assert time.monotonic() < deadline, "nothing was told in the chat"
        time.sleep(0.1)
    assert "Default LP Alert" in posted[0]["raw"]


@pytest.mark.slow
def test_the_stack_of_dev_works_until_it_is_interrupted(clean: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, STARTER, "dev", "--data", str(tmp_path), "--users", "3", "--contacts", "2", "--json"]
    with subprocess.Popen(command, env=clean, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = json.loads(process.stdout.readline())
        servers = children_of(psutil.Process(process.pid))
        terminal = Terminal(said["environment"])
        assert terminal.json("doctor")["healthy"] is True
        check_the_partner_desk(terminal, said["addresses"]["Chat"])
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
        process.stdout.read()
        process.stderr.read()
    wait_until_gone(servers)
    ports = [urlsplit(f"//{said['environment']['TEMPORAL_ADDRESS']}").port, urlsplit(said["addresses"]["Mailbox"]).port]
    assert [is_taken(port) for port in ports if port] == [False, False]


@pytest.mark.slow(50)
def test_the_demo_invites_reminds_and_balances_and_leaves_nothing_behind(clean: dict[str, str]) -> None:
    command = [sys.executable, STARTER, "demo", "--users", "14", "--contacts", "3", "--json"]
    began = time.monotonic()
    with subprocess.Popen(command, env=clean, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        servers: list[psutil.Process] = []
        while not servers and process.poll() is None:
            time.sleep(1)
            servers = children_of(psutil.Process(process.pid))
        out, err = process.communicate(timeout=4 * PATIENCE_S)
    assert process.returncode == 0, err
    said = json.loads(out.splitlines()[-1])
    assert set(said) == ACCOUNT
    assert (said["balance"], said["lost"], said["duplicates"], said["uncertain"]) == (0, 0, 0, 0)
    assert said["eligible"] == said["sent"] + said["skipped"] + said["failed"]
    assert said["mailbox_messages"] == said["sent"] + sum(said["reminders"].values())
    assert said["reminders"]["first"] > said["reminders"]["second"] > 0
    assert said["failed"] == 1
    assert said["submitted"] + said["unsubscribed"] + said["bounced"] + said["expired"] == said["sent"]
    assert (said["events_over_http"], said["one_click"], said["bounce_reports"]) == (said["submitted"], 1, 1)
    assert (said["unsubscribed"], said["bounced"]) == (1, 1)
    assert said["checks"] == {"default_lp": 1, "paused_partner": 1}
    # Two findings, told once each, and told once more when they are over; the second look tells nothing.
    assert said["alerts"] == {"fired": 2, "delivered": 4, "suppressed": 1, "resolved": 2}
    assert time.monotonic() - began < 3 * PATIENCE_S
    assert servers
    wait_until_gone(servers)
