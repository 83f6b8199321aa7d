"""Nothing listens: exit code 3, soon, with a sentence that says what to mend."""

from __future__ import annotations

import time

import pytest

from relance.devstack.processes import free_port
from tests.cli.terminal import Terminal

COMMANDS = [
    "schedules list",
    "bootstrap",
    "start cycle",
    "start cycle --dry-run",
    "cycle status 2026-11",
    "signal 2026-11.u1.c1 submitted",
    "why --user u1",
    "doctor",
]


@pytest.fixture(scope="module")
def terminal() -> Terminal:
    port = free_port()
    return Terminal(
        {
            "TEMPORAL_ADDRESS": f"127.0.0.1:{port}",
            "RELANCE_MONGO__URI": f"mongodb://127.0.0.1:{port}/?replicaSet=rs0",
            "RELANCE_MAIL__PORT": str(port),
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
        assert unreachable == {"Temporal", "MongoDB", "mail relay"}
        assert all(check["remedy"] for check in ended.data["checks"] if check["state"] == "unreachable")
    else:
        assert ended.data["dependency"] in {"Temporal", "MongoDB"}
        assert "set " in ended.data["error"]
