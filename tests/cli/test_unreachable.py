"""Nothing listens: exit code 3, soon, with a sentence that says what to mend."""

from __future__ import annotations

import time

import pytest

from relance.devstack.processes import free_port
from relance.devstack.stack import Stack
from tests.support.keys import ENVIRONMENT
from tests.support.terminal import Ended, Terminal

COMMANDS = [
    "schedules list",
    "bootstrap",
    "start cycle",
    "start cycle --dry-run",
    "cycle status 2026-11",
    "signal 2026-11.u1.c1 submitted",
    "why --user u1",
    "start default-lp",
    "alerts list",
    "alerts ack default-lp",
    "report noise",
    "doctor",
]
ONLY_EVERFLOW = [
    "start default-lp --dry-run",
    "start paused-partner --dry-run",
    "backtest default-lp --from 2025-11-03 --to 2025-11-05",
]


@pytest.fixture(scope="module")
def terminal() -> Terminal:
    port = free_port()
    return Terminal(
        {
            "TEMPORAL_ADDRESS": f"127.0.0.1:{port}",
            "RELANCE_MONGO__URI": f"mongodb://127.0.0.1:{port}/?replicaSet=rs0",
            "RELANCE_MAIL__PORT": str(port),
            "RELANCE_EVERFLOW__BASE_URL": f"http://127.0.0.1:{port}",
            "RELANCE_EVERFLOW__API_KEY": "a-key",
            **ENVIRONMENT,
        }
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_without_servers_a_command_ends_with_three(terminal: Terminal, command: str) -> None:
    began = time.monotonic()
    ended = terminal.run(*command.split(), "--json")
    assert ended.code == 3, ended
    assert time.monotonic() - began < 20
    assert "Traceback" not in ended.err
    if command == "doctor":
        unreachable = {check["what"] for check in ended.data["checks"] if check["state"] == "unreachable"}
        assert unreachable == {"Temporal", "MongoDB", "mail relay", "Everflow"}
        assert all(check["remedy"] for check in ended.data["checks"] if check["state"] == "unreachable")
    else:
        assert ended.data["dependency"] in {"Temporal", "MongoDB"}
        assert "set " in ended.data["error"]


def test_the_watchdog_names_what_is_away_and_once(terminal: Terminal) -> None:
    ended = terminal.run("watchdog", "--json")
    assert ended.code == 3, ended
    assert sorted(_away(ended)) == ["MongoDB", "Temporal"]


def test_without_mongodb_alone_nothing_else_is_said_to_be_away(terminal: Terminal, stack: Stack) -> None:
    only_mongodb = Terminal({**terminal.environment, "TEMPORAL_ADDRESS": stack.temporal_address})
    ended = only_mongodb.run("watchdog", "--json")
    assert ended.code == 3, ended
    assert _away(ended) == ["MongoDB"]
    assert "queue relance-mail" in {effect["what"] for effect in ended.data["effects"]}


def _away(ended: Ended) -> list[str]:
    return [effect["what"] for effect in ended.data["effects"] if effect["state"] == "unreachable"]


@pytest.mark.parametrize("command", ONLY_EVERFLOW)
def test_without_everflow_a_look_at_its_reports_ends_with_three(terminal: Terminal, command: str) -> None:
    ended = terminal.run(*command.split(), "--json")
    assert ended.code == 3, ended
    assert ended.data["dependency"] == "Everflow"
    assert "Traceback" not in ended.err
