"""Runs `starter.py` as a person or a script does: a process of its own, judged by its exit code and its output."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support import preloaded_starter
from tests.support.patience import PATIENCE_S


@dataclass(frozen=True)
class Ended:
    """A command line that has ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        """The JSON object on the last line of its output."""
        found: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return found


@dataclass(frozen=True)
class Terminal:
    """A terminal whose environment leads to servers."""

    environment: Mapping[str, str]

    def run(self, *arguments: str, limit: float = 3 * PATIENCE_S) -> Ended:
        """Run a command line to its end."""
        done = preloaded_starter.run(arguments, {**os.environ, **self.environment}, limit)
        return Ended(done.returncode, done.stdout, done.stderr)

    def json(self, *arguments: str, limit: float = 3 * PATIENCE_S) -> dict[str, Any]:
        """Run a command that must succeed and return what it says with `--json`."""
        ended = self.run(*arguments, "--json", limit=limit)
        assert ended.code == 0, (ended.code, ended.err, ended.out)
        return ended.data
