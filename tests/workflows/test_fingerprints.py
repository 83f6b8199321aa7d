from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.workflows.fingerprints import BASELINE, ROOT, Prints, changes, fingerprints, patches, refusal


@pytest.fixture(scope="module")
def now() -> Prints:
    return fingerprints()


def test_the_workflows_ask_the_server_for_what_the_baseline_says(now: Prints) -> None:
    stored = json.loads(BASELINE.read_text(encoding="utf-8"))["commands"]
    assert not changes(stored, now), "see `python -m tests.workflows.fingerprints`, then docs/versioning.md"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "workflows", tmp_path / "workflows")
    return tmp_path


RECORD = "            await self._record()\n"
UNPATCHED = "            await workflow.sleep(1)\n"
PATCHED = '            if workflow.patched("sleeps-first"):\n                await workflow.sleep(1)\n'


def changed(copy: Path, name: str, before: str, after: str) -> dict[str, list[str]]:
    path = copy / "workflows" / name
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    return fingerprints(copy)


def test_a_command_without_a_patch_is_refused_and_with_one_it_is_taken(now: Prints, copy: Path) -> None:
    unpatched = changed(copy, "alert.py", RECORD, UNPATCHED + RECORD)
    assert changes(now, unpatched) == ["workflows/alert.py:Alert.run"]
    assert "Alert.run" in (refusal(now, unpatched) or "")
    patched = changed(copy, "alert.py", UNPATCHED, PATCHED)
    assert (refusal(now, patched), patches(patched) - patches(now)) == (None, {"'sleeps-first'"})


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        # A call of a helper that asks, moved; an activity exchanged; a timer dropped.
        ("alert.py", RECORD, ""),
        ("common/cycle_control.py", "Controlling.look_up_control", "Controlling.look_up_another"),
        ("monthly_cycle.py", 'timeout=rest(SETTLE_EVERY, begun, "settles-less-often"),', ""),
        ("send_wave.py", 'workflow.patched("follow-ups-soon")', "self._over"),
    ],
)
def test_other_commands_are_seen(now: Prints, copy: Path, name: str, before: str, after: str) -> None:
    assert changes(now, changed(copy, name, before, after))


def test_what_asks_nothing_of_the_server_may_change(now: Prints, copy: Path) -> None:
    found = changed(copy, "alert.py", "LONGEST_WAIT = timedelta(days=30)", "LONGEST_WAIT = timedelta(days=29)")
    assert not changes(now, found)


def test_a_new_workflow_has_no_open_runs(now: Prints, copy: Path) -> None:
    (copy / "workflows" / "new.py").write_text("async def run():\n    await workflow.sleep(1)\n", encoding="utf-8")
    assert refusal(now, fingerprints(copy)) is None
