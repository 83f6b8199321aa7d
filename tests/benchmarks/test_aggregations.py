"""The benchmark of the whole-period questions, on a small ledger."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks import aggregations
from benchmarks.aggregations import measure, too_slow
from benchmarks.asking import Asked
from benchmarks.whole_questions import QUESTIONS

QUICK = Asked(seconds=0.1, commands=1, by_ranges=False, slowest_s=0.1, documents=1, keys=1, scan=False, memory_mb=60.0)


async def test_every_question_is_asked_and_none_reads_a_whole_collection(
    monkeypatch: pytest.MonkeyPatch, mongo_uri: str, database: str
) -> None:
    monkeypatch.setenv("RELANCE_MONGO__URI", mongo_uri)
    monkeypatch.setattr(aggregations, "DATABASE", database)
    figures = await measure(2000, "", keep=False)
    assert figures["questions"].keys() == {one.name for one in QUESTIONS}
    assert {name for name, one in figures["questions"].items() if one["scan"]} == set()
    assert figures["questions"]["ledger.outcomes"]["documents"] >= 2000


@pytest.mark.parametrize(
    ("asked", "too_much"),
    [
        (QUICK, False),
        (replace(QUICK, seconds=6.0), True),
        (replace(QUICK, seconds=600.0, by_ranges=True), False),
        (replace(QUICK, seconds=6.0, slowest_s=6.0, by_ranges=True), True),
        (replace(QUICK, memory_mb=300.0), True),
    ],
)
def test_what_is_too_much(asked: Asked, too_much: bool) -> None:
    assert too_slow(asked) is too_much
