"""`starter.py` as an operator runs it, against a test's own installation."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from tests.installation import ROOT, Installation


async def starter(installation: Installation, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Run a command with `--json`; return its exit code, its answer and what it wrote for people."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "starter.py"),
        *(*arguments, "--json"),
        env={**os.environ, **installation.environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert process.returncode is not None, errors.decode()
    lines = out.splitlines()
    assert lines, errors.decode()
    return process.returncode, json.loads(lines[-1]), errors.decode()
