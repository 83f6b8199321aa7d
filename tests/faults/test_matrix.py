"""Everything that can be run is in the matrix, at sizes its command line takes, and in the page of results."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.faults import everything
from tests.faults.__main__ import parsed
from tests.faults.everything import run_all, table
from tests.faults.matrix import MATRIX, SIMULATION, Row
from tests.faults.registry import SCENARIOS
from tests.support.installation import ROOT

RESULTS = json.loads((ROOT / "docs" / "reliability.json").read_text(encoding="utf-8"))


def test_every_scenario_has_its_row_and_the_simulation_too() -> None:
    assert sorted(row.scenario for row in MATRIX) == sorted([*SCENARIOS, SIMULATION])


@pytest.mark.parametrize("row", [row for row in MATRIX if row.scenario != SIMULATION], ids=lambda row: row.scenario)
def test_both_sizes_are_options_of_the_scenario(row: Row) -> None:
    for sizes in (row.small, row.full):
        assert parsed([row.scenario, *sizes.split()]).scenario == row.scenario


def test_full_takes_the_sizes_of_the_matrix_unless_the_command_says_another() -> None:
    arguments = parsed(["smtp-stages", "--full", "--mails", "70"])
    assert (arguments.drops, arguments.mails) == (500, 70)


def test_the_page_shows_every_row() -> None:
    assert [one["scenario"] for one in RESULTS["scenarios"]] == [row.scenario for row in MATRIX]


PRINTS = "import sys; print('noise'); print({text!r}); sys.exit({code})"


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Replaces the scenarios by scripts that print a line and end with a code."""

    def put(ends: Mapping[str, tuple[str, int]]) -> None:
        for name, (text, code) in ends.items():
            (tmp_path / f"ends_{name}.py").write_text(PRINTS.format(text=text, code=code))
        made = tuple(Row(name, "expected", "", "") for name in ends)
        monkeypatch.setattr(Row, "module", property(lambda row: f"ends_{row.scenario}"))
        monkeypatch.setattr(everything, "MATRIX", made)
        monkeypatch.setattr(everything, "ROOT", tmp_path)

    return put


async def test_one_that_breaks_crashes_or_cannot_run_here_is_told_apart_and_stops_no_other(rows: Any) -> None:
    broken = {"lost": 2, "invariants": {"I1": "2 lost", "I2": "holds"}, "problems": ["late"]}
    rows(
        {
            "sound": (json.dumps({"lost": 0, "bound": 3}), 0),
            "broken": (json.dumps(broken), 1),
            "crashed": ("no figures", 1),
            "elsewhere": (json.dumps({"not_run": "no tmpfs"}), 0),
        }
    )
    report = await run_all(full=False, only=(), lanes=1, say=lambda _: None)
    troubles = {one["scenario"]: one["trouble"] for one in report["scenarios"]}
    assert troubles == {
        "sound": "",
        "broken": "I1: 2 lost; late",
        "crashed": "no result, exit code 1",
        "elsewhere": "",
    }
    assert (report["holds"], report["failed"], report["not_run"]) == (False, ["broken", "crashed"], ["elsewhere"])
    assert report["scenarios"][0]["figures"] == {"lost": 0, "bound": 3}
    lines = list(table(report))
    assert lines[0].split() == list(everything.HEADINGS)
    assert lines[-1].startswith("FAILED: broken, crashed")


async def test_one_that_takes_too_long_is_ended(rows: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rows({"endless": ("", 0)})
    (tmp_path / "ends_endless.py").write_text("import time; time.sleep(60)")
    monkeypatch.setattr(everything, "SMALL_LIMIT_S", 0.5)
    report = await run_all(full=False, only=(), lanes=1, say=lambda _: None)
    assert report["scenarios"][0]["trouble"] == "it took too long"
