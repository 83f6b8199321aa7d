"""How each command of the documents is tried: run as it stands, or resolved when it takes long or needs a container."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec

from tests.docs.pages import ROOT, Shell
from tests.support import preloaded_starter
from tests.support.patience import PATIENCE_S

PYTHON = ".venv/bin/python"
LONG = {"demo", "dev"}
WIDE = {"COLUMNS": "200"}
LIMIT_S = 3 * PATIENCE_S
NEEDS: dict[tuple[str, ...], str] = {
    ("cp", ".env.example", ".env"): ".env.example",
    ("cp", "-r", "deploy/templates/example", "templates"): "deploy/templates/example/brand.toml",
    ("docker-compose", "up", "--build", "--detach"): "docker-compose.yml",
    ("deploy/secrets.sh",): "deploy/secrets.sh",
    (".ci/run",): ".ci/run",
    (PYTHON, "docs/console_pictures.py", "LINK"): "docs/console_pictures.py",
}


class UnknownCommand(AssertionError):
    """No way to try this command is known: add one here, or take it out of the document."""


def is_run_for_real(command: Shell) -> bool:
    """Tell whether this is a command of the CLI that ends within seconds."""
    words = command.words
    return words[:2] == (PYTHON, "starter.py") and words[2] not in LONG


def resolve(command: Shell) -> None:
    """Make sure that a command could run: its target, module, options or files exist."""
    _way(command)(command.words)


def _way(command: Shell) -> Callable[[tuple[str, ...]], None]:
    words = command.words
    if words[0] == "make":
        return _make
    if words in NEEDS:
        return _file
    if words[:2] == (PYTHON, "docs/screenshots.py"):
        return _picture
    if words[:3] == (PYTHON, "-m", "tests.workflows.histories"):
        return _module
    if words[:2] in {(PYTHON, "starter.py"), (PYTHON, "worker.py"), (PYTHON, "-m")}:
        return _options
    raise UnknownCommand(str(command))


def _make(words: tuple[str, ...]) -> None:
    done = _run("make", "--dry-run", *words[1:])
    assert done.returncode == 0, done.stderr


def _file(words: tuple[str, ...]) -> None:
    needed = ROOT / NEEDS[words]
    assert needed.is_file()
    assert len(words) > 1 or os.access(needed, os.X_OK)


def _picture(words: tuple[str, ...]) -> None:
    assert words[2] in re.split(r"[\s|]", _usage_of_screenshots())


@cache
def _usage_of_screenshots() -> str:
    return _run(sys.executable, "docs/screenshots.py").stderr


def _module(words: tuple[str, ...]) -> None:
    assert find_spec(words[2]) is not None


def _options(words: tuple[str, ...]) -> None:
    options = [word for word in words[2:] if word.startswith("--")]
    named = words[1 : words.index(options[0])] if options else words[1:]
    unknown = set(options) - set(re.findall(r"--[a-z-]+", _help(named)))
    assert not unknown


@cache
def _help(named: tuple[str, ...]) -> str:
    program = str(ROOT / named[0]) if named[0].endswith(".py") else named[0]
    done = preloaded_starter.run([*named[1:], "--help"], {**os.environ, **WIDE}, LIMIT_S, program)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **WIDE}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
