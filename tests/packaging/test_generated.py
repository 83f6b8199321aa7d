"""What is generated from the settings: fresh, and true."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from relance.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def test_the_generated_files_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_default_written_in_the_example_is_the_one_of_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("RELANCE_")]:
        monkeypatch.delenv(name)
    example = (ROOT / ".env.example").read_text()
    filled = re.findall(r"^# (RELANCE_\w+=.+)$", example, flags=re.MULTILINE)
    env = tmp_path / ".env"
    env.write_text("\n".join(filled))
    assert len(filled) > 30
    assert Settings(_env_file=env) == Settings(_env_file=None)


def test_the_example_changes_nothing_as_it_stands_and_shows_no_secret() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []
    secrets = [line for line in lines if re.search(r"_KEY=|PASSWORD=|__URI=", line)]
    assert len(secrets) >= 5
    assert [line for line in secrets if not line.endswith("=")] == []
