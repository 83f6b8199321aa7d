"""The parts of the day: what a person sees is read right, and what is wrong is taken down."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.operators_day.day import ROOT, Day, number
from tests.operators_day.figures import Figures
from tests.operators_day.steps import exports
from tests.support.patience import PATIENCE_S
from tests.support.screen import Session, Size


def session(program: str, columns: int = 80) -> Session:
    started = Session([sys.executable, "-c", program], dict(os.environ), str(ROOT), Size(columns))
    started.wait(PATIENCE_S)
    return started


def taken(program: str) -> Figures:
    day = Day(Figures(), lambda _: None)
    day.take("starter.py something", session(program))
    return day.figures


def test_what_was_drawn_over_cannot_be_read_any_more() -> None:
    ended = session(r"print('first\rlast!')")
    assert ended.lines == ["last!"]
    assert ended.code == 0
    ended.close()


def test_what_has_scrolled_away_can_still_be_read() -> None:
    ended = session("print(*range(200), sep='\\n')")
    assert ended.lines == [str(n) for n in range(200)]
    ended.close()


def test_a_well_behaved_command_has_nothing_against_it() -> None:
    figures = taken("print('2026-11 ━━── 5/10')")
    assert figures.holds
    assert figures.as_dict()["commands"] == 1


def test_a_bar_left_behind_a_traceback_and_an_end_by_signal_are_found() -> None:
    stale = taken("print('2026-11 ━━── 5/10'); print('2026-11 ━━━━ 10/10')")
    assert len(stale.stale_lines) == 1
    assert not stale.holds
    assert taken("raise ValueError").tracebacks == ["starter.py something"]
    assert len(taken("import os; os.kill(os.getpid(), 9)").hangs) == 1


def test_a_slow_command_is_named_by_its_processor_time() -> None:
    busy = "import time\nwhile time.process_time() < 1.2: pass"
    assert taken(busy).commands_over_1s == ["starter.py something"]
    assert taken("import time; time.sleep(1.2)").commands_over_1s == []


def test_a_wrong_statement_makes_the_day_fail() -> None:
    day = Day(Figures(), lambda _: None)
    day.state("doctor", True, "is well")
    assert day.figures.holds
    day.state("doctor", False, "says that Temporal is away")
    assert day.figures.as_dict()["wrong_statements"] == 1
    assert not day.figures.holds


def test_an_unexpected_exit_code_is_a_wrong_statement() -> None:
    day = Day(Figures(), lambda _: None, environment=dict(os.environ))
    asyncio.run(day.run("nonsense", code=2))
    assert day.figures.holds
    asyncio.run(day.run("nonsense"))
    assert len(day.figures.wrong_statements) == 1


def test_numbers_are_read_out_of_tables_and_variables_out_of_the_file(tmp_path: Path) -> None:
    day = Day(Figures(), lambda _: None)
    shown = day.take("x", session("print('│ sent     │ 1,234 │'); print('│ resent │ 7 │')"))
    assert number(shown, "sent") == 1234
    assert number(shown, "failed") is None
    file = tmp_path / "dev.env"
    file.write_text("export A='1'\nexport B='two words'\n")
    assert exports(file) == {"A": "1", "B": "two words"}
