"""`dev`: each part is watched, and comes back where it was; other terminals are led to all of it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from relance.cli.dev.exports import lines, shown
from relance.devstack.parts import RESTARTS
from tests.support.patience import PATIENCE_S
from tests.support.preloaded_starter import STARTER
from tests.support.terminal import Terminal

PARTS = {
    "MongoDB": "mongod",
    "Temporal": "start-dev",
    "the mailbox": "relance.devstack.mailbox",
    "Everflow": "relance.devstack.everflow",
    "the chat": "relance.devstack.chat",
    "the worker": "worker.py",
}


@dataclass
class Dev:
    process: subprocess.Popen[str]
    environment: dict[str, str]
    said: list[str] = field(default_factory=list)

    def kill(self, part: str) -> None:
        """End the process of a part, as nobody should."""
        found = [one for one in psutil.Process(self.process.pid).children(recursive=True) if _is(one, PARTS[part])]
        # The first is what the guard started: the others are its own children.
        found[0].kill()

    def wait_for(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, self.said
            assert self.process.poll() is None, self.said
            time.sleep(0.1)

    def times_said(self, beginning: str, words: str) -> int:
        return sum(line.startswith(beginning) and words in line for line in self.said)


def _is(process: psutil.Process, part: str) -> bool:
    try:
        command = process.cmdline()
    except psutil.Error:
        # It has ended meanwhile.
        return False
    return any(part in word for word in command) and not any("guard.py" in word for word in command)


@pytest.fixture(scope="module")
def env_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports") / "dev.env"


@pytest.fixture(scope="module")
def dev(env_file: Path) -> Iterator[Dev]:
    clean = {name: value for name, value in os.environ.items() if name != "RELANCE_MONGO__URI"}
    set_by_a_person = {"RELANCE_RELAY_LOG__KIND": "mailbox", "RELANCE_RELAY_LOG__MAILBOX_URL": "http://127.0.0.1:8025"}
    command = [sys.executable, STARTER, "dev", "--users", "3", "--contacts", "2", "--json", "--env-file", str(env_file)]
    with subprocess.Popen(
        command, env={**clean, **set_by_a_person}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        started = Dev(process, json.loads(process.stdout.readline())["environment"])
        stderr = process.stderr
        reader = threading.Thread(target=lambda: started.said.extend(iter(stderr.readline, "")), daemon=True)
        reader.start()
        yield started
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
        process.stdout.read()
        reader.join(PATIENCE_S)


@pytest.mark.slow
def test_the_file_leads_a_shell_to_the_stack_and_holds_what_a_person_had_set(dev: Dev, env_file: Path) -> None:
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    told = subprocess.run(["sh", "-c", f". {env_file}; env"], capture_output=True, text=True, check=True).stdout
    variables = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
    assert variables["RELANCE_RELAY_LOG__KIND"] == "mailbox"
    assert {name: variables[name] for name in dev.environment} == dev.environment


@pytest.mark.slow
def test_whatever_ends_is_started_again_and_works(dev: Dev) -> None:
    for part in PARTS:
        dev.kill(part)
    for part in PARTS:
        dev.wait_for(lambda part=part: dev.times_said(part, "runs again") == 1)  # type: ignore[misc]
    # The same addresses as before, and everything behind them works together.
    terminal = Terminal(dev.environment)
    assert terminal.json("start", "default-lp", "--wait")["findings"] == 1


@pytest.mark.slow
def test_what_ends_again_and_again_is_left_and_the_others_go_on(dev: Dev) -> None:
    before = dev.times_said("the chat", "runs again")
    for restart in range(before + 1, RESTARTS + 1):
        dev.kill("the chat")
        dev.wait_for(lambda restart=restart: dev.times_said("the chat", "runs again") == restart)  # type: ignore[misc]
    dev.kill("the chat")
    dev.wait_for(lambda: dev.times_said("the chat", "it stays away. Read /") == 1)
    assert dev.process.poll() is None
    assert Terminal(dev.environment).run("schedules", "list").code == 0


def test_a_quote_in_a_value_does_not_end_it() -> None:
    told = subprocess.run(
        ["sh", "-c", "\n".join([*lines({"RELANCE_X": "it's; rm -rf $HOME"}), 'printf %s "$RELANCE_X"'])],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "it's; rm -rf $HOME"


def test_a_secret_of_ones_own_is_named_on_the_screen_and_not_shown() -> None:
    own = {"RELANCE_PRIVACY__LINK_KEY": "of-this-stack"}
    text = shown({**own, "RELANCE_MAIL__PASSWORD": "hunter2", "RELANCE_RELAY_LOG__KIND": "postfix"}, own)
    assert "hunter2" not in text
    assert "RELANCE_MAIL__PASSWORD" in text
    assert "export RELANCE_PRIVACY__LINK_KEY='of-this-stack'" in text
    assert "export RELANCE_RELAY_LOG__KIND='postfix'" in text
