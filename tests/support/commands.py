"""`starter.py` as an operator runs it, against a test's own installation."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from tests.support import preloaded_starter
from tests.support.installation import Installation
from tests.support.patience import PATIENCE_S

AGREED = ("--reason", "wrong template", "--yes")
"""What a script says to what cannot be undone."""


async def starter(installation: Installation, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Run a command with `--json`; return its exit code, its answer and what it wrote for people."""
    environment = {**os.environ, **installation.environment}
    done = await asyncio.to_thread(preloaded_starter.run, [*arguments, "--json"], environment, 5 * PATIENCE_S)
    lines = done.stdout.splitlines()
    assert lines, done.stderr
    return done.returncode, json.loads(lines[-1]), done.stderr
