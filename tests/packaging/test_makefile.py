"""The Makefile explains itself."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _make(*arguments: str) -> str:
    done = subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def test_bare_make_lists_every_target_with_a_sentence() -> None:
    listed = dict(re.findall(r"^  make (\w+)\s+(\S.*)$", _make(), flags=re.MULTILINE))
    assert {"setup", "demo", "test", "check", "dev", "bench", "lock"} <= listed.keys()
    targets = re.findall(r"^([a-z]+):(?!=)", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert set(targets) == listed.keys()


def test_the_installation_checks_hashes_and_happens_once_per_lock() -> None:
    recipe = _make("--dry-run", "--always-make", "setup")
    assert "--require-hashes --requirement requirements.lock" in recipe
    assert "--no-build-isolation" in recipe
    rule = re.search(r"^\.venv/\.ready: (.*)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert rule is not None
    assert rule.group(1).split() == ["requirements.lock", "pyproject.toml"]
