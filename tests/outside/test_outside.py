"""The figures that need no worker, and what is made of figures; all of them: `python -m tests.outside`."""

from __future__ import annotations

from pathlib import Path

import pytest

from relance.devstack.mailbox.client import Mailbox
from relance.devstack.stack import Stack
from tests.outside import about_us
from tests.outside.__main__ import Outcome, report
from tests.outside.bad_settings import wrong_settings
from tests.outside.catalogue import FIGURES
from tests.outside.figure import Case, Figure, Stage

CHEAP = [one for one in FIGURES if one.cheap]


@pytest.mark.parametrize("figure", CHEAP, ids=lambda one: one.name)
async def test_a_figure_is_right(figure: Figure, stack: Stack, mailbox: Mailbox, tmp_path: Path) -> None:
    found = await figure.cases(Stage(stack, mailbox, tmp_path))
    assert len(found) > 100
    assert [one for one in found if one.wrong] == []


def test_no_reply_about_us_is_held_against_a_contact_in_any_clothes() -> None:
    found = about_us.judged_all()
    assert len(found) > 1000
    assert [one for one in found if one.wrong] == []


def test_every_figure_has_a_name_of_its_own_and_a_chapter() -> None:
    assert len({one.name for one in FIGURES}) == len(FIGURES) == 10
    assert {one.letter for one in FIGURES} == set("ABCDEFGH")


def test_every_wrong_setting_is_another_one(tmp_path: Path) -> None:
    found = [words for words, _, _ in wrong_settings(tmp_path)]
    assert len(set(found)) == len(found) > 200


def test_a_figure_counts_its_wrong_cases_and_is_not_right_without_any_case() -> None:
    figure = FIGURES[0]
    outcome = Outcome(figure, [Case("fine"), Case("odd", "it stops")], 1.0)
    found = report([outcome], 1.0)
    assert (found[figure.name], found["cases"][figure.name], found["right"]) == (1, 2, False)
    assert found["wrong"] == [{"figure": figure.name, "case": "odd", "wrong": "it stops"}]
    assert report([Outcome(figure, [Case("fine")], 1.0)], 1.0)["right"]
    assert not report([Outcome(figure, [], 1.0)], 1.0)["right"]
