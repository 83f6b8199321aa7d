"""How each command of the documents is tried: run as it stands, or resolved when it takes long or needs a container."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec

from tests.docs.pages import ROOT, Shell
from tests.support.patience import PATIENCE_S

PYTHON = ".venv/bin/python"
LONG = {"demo", "dev"}
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
    usage = _run(sys.executable, "docs/screenshots.py").stderr
    assert words[2] in re.split(r"[\s|]", usage)


def _module(words: tuple[str, ...]) -> None:
    assert find_spec(words[2]) is not None


def _options(words: tuple[str, ...]) -> None:
    options = [word for word in words[2:] if word.startswith("--")]
    named = words[1 : words.index(options[0])] if options else words[1:]
    done = _run(sys.executable, *named, "--help")
    assert done.returncode == 0, done.stderr
    unknown = set(options) - set(re.findall(r"--[a-z-]+", done.stdout))
    assert not unknown


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=3 * PATIENCE_S, check=False
    )
