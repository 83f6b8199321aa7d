"""One line is one line, however wide the terminal is; and a file gets whole lines."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from relance.cli.base.line import ProgressLine
from relance.cli.base.live_line import LiveLine
from tests.support.patience import PATIENCE_S
from tests.support.screen import Session, Size

ROOT = Path(__file__).parents[3]
LINE = ProgressLine(
    "2026-11", 320, 579, ["paused by ann: lunch", "0:01:40 left", "3 failed", "12/s", "310 sent", "259 open"]
)

WATCH = """
import time
from rich.console import Console
from relance.cli.base.line import ProgressLine
from relance.cli.base.live_line import LiveLine
with LiveLine(Console()) as shown:
    for done in range(0, 580, 29):
        details = ["paused by ann: lunch" if done > 290 else "sending", f"{done} sent", "a word of some length", "more"]
        shown.show(ProgressLine("2026-11", done, 579, details))
        time.sleep(0.1)
        if done == 290:
            print("somebody says something")
"""


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 120, 160, 200])
def test_a_line_fits_and_keeps_what_matters_most(width: int) -> None:
    text = LINE.fitted(width, 75)
    assert cell_len(text) <= width
    if width >= 60:
        assert text.startswith("2026-11 ")
        assert "320/579 · paused by ann: lunch" in text
        assert text.endswith(" 1:15")
        assert text.count("━") + text.count("─") >= 8
    if width >= 160:
        assert all(detail in text for detail in LINE.details)


def test_a_bar_shows_the_share() -> None:
    def bar(done: int, total: int | None) -> str:
        return ProgressLine("2026-11", done, total).fitted(60, 0).split()[1]

    assert set(bar(0, 10)) == {"─"}
    assert set(bar(10, 10)) == {"━"}
    assert bar(5, 10).count("━") == len(bar(5, 10)) // 2
    assert set(bar(5, None)) == {"─"}


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_on_a_terminal_one_line_is_left_and_what_is_said_stands_above(columns: int) -> None:
    session = Session([sys.executable, "-c", WATCH], dict(os.environ), str(ROOT), Size(columns))
    assert session.wait(PATIENCE_S) == 0
    lines = session.lines
    session.close()
    assert lines[0] == "somebody says something"
    assert [line.split()[0] for line in lines[1:]] == ["2026-11"]
    assert "551/579 · paused by ann" in lines[1]


def test_ctrl_c_leaves_no_second_line() -> None:
    endless = WATCH.replace("range(0, 580, 29)", "range(0, 10**6)")
    session = Session([sys.executable, "-c", endless], dict(os.environ), str(ROOT), Size(100))
    assert session.until(lambda text: "2026-11" in text, PATIENCE_S)
    session.interrupt()
    session.wait(PATIENCE_S)
    lines = [line for line in session.lines if line.startswith("2026-11")]
    session.close()
    assert len(lines) == 1


def test_a_file_gets_a_line_for_each_change_and_no_control_character() -> None:
    stream = io.StringIO()
    with LiveLine(Console(file=stream, width=150)) as shown:
        for done in (1, 2, 3):
            shown.show(ProgressLine("2026-11", done, 3, ["sending"]))
        shown.show(ProgressLine("2026-11", 3, 3, ["done"]))
    assert stream.getvalue() == "2026-11 1/3 · sending\n2026-11 3/3 · done\n"


def test_a_script_that_pipes_gets_the_same() -> None:
    done = subprocess.run([sys.executable, "-c", WATCH], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "\x1b" not in done.stdout
    assert done.stdout.splitlines()[0] == "2026-11 0/579 · sending · 0 sent · a word of some length · more"
    assert len(done.stdout.splitlines()) < 6
