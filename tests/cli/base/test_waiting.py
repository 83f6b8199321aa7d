"""Whoever waits reads what for, knows an end, and on Ctrl-C what goes on without him."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

from temporalio.client import Client

from relance.devstack.processes import free_port
from tests.support.keys import ENVIRONMENT
from tests.support.patience import PATIENCE_S
from tests.support.screen import Session
from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[3]


def test_a_check_that_no_worker_takes_is_not_waited_for_beyond_the_limit(terminal: Terminal, client: Client) -> None:
    ended = terminal.run("start", "default-lp", "--wait", "--timeout", "4", "--json")
    assert ended.code == 1, ended
    assert "waiting for the check default-lp (2 s): no worker has taken it yet" in ended.err
    assert "not done after 4 s" in ended.data["error"]
    assert "goes on without this (workflow check/default-lp/" in ended.data["error"]
    assert "`report jobs`" in ended.data["error"]


def test_ctrl_c_says_what_goes_on(terminal: Terminal, client: Client) -> None:
    environment = {**os.environ, **terminal.environment}
    session = Session([sys.executable, "starter.py", "start", "cleanup", "--now", "--wait"], environment, str(ROOT))
    assert session.until(lambda text: "no worker has taken it" in text, PATIENCE_S), session.text
    session.interrupt()
    assert session.wait(PATIENCE_S) == 130
    assert "the job cleanup goes on without this" in session.unwrapped
    session.close()


def test_a_database_that_takes_its_time_is_named_before_it_is_given_up() -> None:
    # Nothing is ever said on a port whose connections nobody takes.
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", free_port()))
        silent.listen(8)
        port = silent.getsockname()[1]
        terminal = Terminal({**ENVIRONMENT, "RELANCE_MONGO__URI": f"mongodb://127.0.0.1:{port}/?replicaSet=rs0"})
        began = time.monotonic()
        ended = terminal.run("alerts", "list", "--json")
        assert ended.code == 3, ended
        assert ended.data["dependency"] == "MongoDB"
        assert time.monotonic() - began < PATIENCE_S
