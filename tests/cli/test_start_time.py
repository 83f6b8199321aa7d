"""What a command imports before its first word, by count: a clock would measure the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from relance.cli import app
from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[2]
HEAVY = frozenset({"temporalio", "pymongo", "motor", "httpx", "PIL", "opentelemetry.sdk", "pydantic"})
"""What takes a tenth of a second or more."""


def imported(*arguments: str, environment: dict[str, str] | None = None) -> set[str]:
    """Return the names of all modules that a command line imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "starter.py", *arguments],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    assert lines, done.stderr
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--version"], [], ["nonsense"]])
def test_the_list_of_commands_imports_none_of_them(arguments: list[str]) -> None:
    names = imported(*arguments)
    # Of a name that is none typer itself makes an error by way of pydantic.
    assert not names & (HEAVY - {"pydantic"} if arguments == ["nonsense"] else HEAVY)
    assert len(names) < 600
    assert not {name for name in names if name.startswith("relance.domain")}


@pytest.mark.parametrize("command", ["alerts list", "alerts channels", "report jobs", "report noise", "keys status"])
def test_what_only_reads_the_database_imports_no_temporal(terminal: Terminal, command: str) -> None:
    names = imported(*command.split(), environment=dict(terminal.environment))
    assert "relance.adapters.mongo.connection" in names
    assert not names & {"temporalio", "httpx", "PIL", "opentelemetry.sdk"}
    assert len(names) < 1000


@pytest.mark.parametrize("command", ["schedules list"])
def test_what_only_asks_temporal_imports_no_database(terminal: Terminal, command: str) -> None:
    names = imported(*command.split(), environment=dict(terminal.environment))
    assert "temporalio" in names
    assert not names & {"pymongo", "motor", "httpx", "PIL", "opentelemetry.sdk"}
    assert len(names) < 1200


def test_the_list_says_of_each_command_what_its_own_help_says() -> None:
    command = typer.main.get_command(app.build())
    listed = typer.main.get_command(app.outline())
    said = {name: _line(one.help) for name, one in command.commands.items()}  # type: ignore[attr-defined]
    assert {name: _line(one.help) for name, one in listed.commands.items()} == said  # type: ignore[attr-defined]


def _line(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split())
