"""Sentences are English to whoever knows nothing of languages, and every one of them can be said in French."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import pytest

import relance
from relance.domain import quarantine
from relance.domain.sentences import Sentence, plural
from relance.wording import explain, outlook, reasons, returned
from relance.wording.french import FRENCH, MODULES
from relance.wording.french.typography import spaced
from relance.wording.moments import moment, month
from relance.wording.saying import said

SOURCES = Path(relance.__file__).parent
TABLES = (
    reasons.REFUSALS,
    reasons.REMINDER_REFUSALS,
    reasons.NOTES,
    reasons.FAILURES,
    reasons.MAILS,
    reasons.DOUBTS,
    reasons.PLAN_REASONS,
    reasons.CONTROLS,
    explain._UNSENT,
    outlook.LATER_MAILS,
    returned._AFTER,
    quarantine._COSTS,
    quarantine._MEANING,
    quarantine._KINDS,
)
CONSTANTS = (explain._LEFT_OUT, explain._NOT_SENT, quarantine._OTHER)
AT = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)


def _written() -> Iterator[tuple[str, str]]:
    """Yield every template that is written, with its file."""
    for path in sorted(SOURCES.rglob("*.py")):
        text = path.read_text()
        if "Sentence(" not in text and "plural(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            count = {"Sentence": 1, "plural": 2}.get(node.func.id, 0)
            for argument in node.args[:count]:
                for part in ast.walk(argument):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield path.name, part.value


def test_every_sentence_has_its_french() -> None:
    written = list(_written())
    assert len(written) > 100
    assert [(file, text) for file, text in written if text not in FRENCH] == []
    told = [*(text for table in TABLES for text in table.values()), *CONSTANTS]
    assert [text for text in told if text not in FRENCH] == []


def test_no_sentence_of_the_tables_is_left_over() -> None:
    known = {text for _, text in _written()} | {text for table in TABLES for text in table.values()} | {*CONSTANTS}
    sources = "".join(path.read_text() for path in SOURCES.rglob("*.py") if "wording/french" not in str(path))
    left = [text for module in MODULES for text in module.FRENCH if text not in known and f'"{text}"' not in sources]
    assert left == []


@pytest.mark.parametrize("english", sorted(FRENCH))
def test_both_have_the_same_places(english: str) -> None:
    places = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (english, FRENCH[english])]
    assert places[0] == places[1]


def test_a_sentence_is_english_and_said_in_french_down_to_its_values() -> None:
    inner = plural(
        "{count} document cannot be read: {names}", "{count} documents cannot be read: {names}", 1200, names="x"
    )
    outer = Sentence("{providers}; {rests}", providers=inner, rests=Sentence("none is left alone now"))
    assert outer == "1200 documents cannot be read: x; none is left alone now"
    french = said(outer, "fr")
    assert french is not None
    assert french.replace("\u202f", " ").replace("\u00a0", " ") == (
        "1 200 documents sont illisibles : x ; aucun n’est laissé en paix pour l’instant"
    )
    assert said(outer, "en") == outer
    assert said("whatever nobody has translated", "fr") is None


def test_instants_and_months_are_written_as_each_language_does() -> None:
    instant = moment(AT, "Europe/Paris")
    assert instant == "on Saturday 28 November 2026 at 09:00 Europe/Paris time (08:00 UTC)"
    assert said(instant, "fr") == "le samedi 28 novembre 2026 à 09:00, heure de Europe/Paris (08:00 UTC)"
    assert said(moment(AT, "UTC"), "fr") == "le samedi 28 novembre 2026 à 08:00 UTC"
    assert (month("2026-08"), said(month("2026-08"), "fr")) == ("August 2026", "août 2026")


def test_nothing_begins_a_line_that_belongs_to_the_word_before() -> None:
    assert spaced("ouvert : « oui » ; non !") == "ouvert\u00a0: «\u00a0oui\u00a0»\u00a0; non\u00a0!"
