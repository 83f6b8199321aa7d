from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.upgrade.__main__ import UNREACHABLE, main
from tests.upgrade.releases import NoSuchRelease, commit_of


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=t", "-c", "user.email=t@t.example")
        subprocess.run(["git", "-C", str(tmp_path), *who, *arguments], check=True, capture_output=True)

    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "-m", "one")
    git("tag", "v0.1.0")
    return tmp_path


def test_the_first_name_that_the_clone_has_counts(clone: Path) -> None:
    head = subprocess.run(
        ["git", "-C", str(clone), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    assert commit_of(["0" * 40, "v0.1.0"], clone) == head


def test_without_the_history_it_says_how_to_get_it(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NoSuchRelease, match="its history is missing; try `git fetch --tags`"):
        commit_of(["0" * 40, "v9"], clone)
    assert main(["--from", "no-such-release", "--json"]) == UNREACHABLE
    assert "no-such-release" in capsys.readouterr().out
