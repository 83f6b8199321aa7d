"""Both languages say everything, with the same places for values; every key a template uses is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from string import Formatter

import pytest

from relance.console.pages.registry import PAGES
from relance.domain.cycle.planning import PlanReason
from relance.domain.cycle.send_times import Note
from relance.domain.failures import FailureClass
from relance.domain.invitations.eligibility import Refusal
from relance.domain.invitations.reminders import ReminderRefusal
from relance.wording.console.words import LANGUAGES, MODULES, WORDS, sentences
from relance.wording.reports.languages import REPORT_WORDS

TEMPLATES = Path(str(files("relance.console"))) / "templates"
KEYS = re.compile(r"""\bt\(\s*["']([a-z0-9_.]+)["']\s*([,)~])([^)]*)""")


@pytest.mark.parametrize("module", MODULES)
def test_both_languages_have_the_same_keys_and_places(module: object) -> None:
    english, french = module.ENGLISH, module.FRENCH  # type: ignore[attr-defined]
    assert list(english) == list(french)
    for key in english:
        assert _places(english[key]) == _places(french[key]), key


def test_no_key_is_in_two_modules() -> None:
    keys = [key for module in MODULES for key in module.ENGLISH]
    assert len(keys) == len(set(keys))


def test_every_key_that_a_template_names_has_words() -> None:
    known = sentences("en")
    named = list(_named())
    assert len(named) > 150
    for template, key, counted in named:
        wanted = [f"{key}.one", f"{key}.other"] if counted else [key]
        assert set(wanted) <= known.keys(), (template, key)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_has_a_title_and_those_of_the_navigation_a_name(page: object) -> None:
    known = sentences("en")
    name, is_listed = page.name, page.in_navigation  # type: ignore[attr-defined]
    assert not is_listed or {f"{name}.title", f"{name}.navigation"} <= known.keys()


@pytest.mark.parametrize(
    ("seconds", "english", "french"),
    [
        (0, "0 s", "0 s"),
        (59.6, "1 min", "1 min"),
        (65, "1 min 5 s", "1 min 5 s"),
        (3725, "1 h 2 min", "1 h 2 min"),
        (190_000, "2 d 4 h", "2 j 4 h"),
    ],
)
def test_a_length_of_time_has_its_two_largest_units(seconds: float, english: str, french: str) -> None:
    assert WORDS["en"].duration(seconds).replace("\u00a0", " ") == english
    assert WORDS["fr"].duration(seconds).replace("\u00a0", " ") == french


def test_figures_and_plurals_follow_the_language() -> None:
    assert WORDS["en"].number(1234567) == "1,234,567"
    assert WORDS["fr"].number(1234.56, 1).replace("\u202f", " ") == "1 234,6"
    assert WORDS["fr"]("now.waves_done", count=0) == "0 vague terminée"
    assert WORDS["en"]("now.waves_done", count=0) == "0 waves done"


def _named() -> Iterator[tuple[str, str, bool]]:
    for template in TEMPLATES.rglob("*.html"):
        for key, after, rest in KEYS.findall(template.read_text(encoding="utf-8")):
            if after != "~":
                yield template.name, key, after == "," and "count=" in rest


def _places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_that_a_story_or_a_month_shows_has_words(language: str) -> None:
    reasons, known = REPORT_WORDS[language].cycle.reasons, sentences(language)
    codes = [*ReminderRefusal, *Refusal, *FailureClass, *PlanReason]
    assert [code for code in codes if code.value not in reasons] == []
    assert [note for note in Note if f"story.detail.{note.value}" not in known] == []
