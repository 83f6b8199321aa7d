from __future__ import annotations

from datetime import timedelta

import pytest

from relance.cli.base.periods import read_duration
from relance.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30m", timedelta(minutes=30)),
        ("4h", timedelta(hours=4)),
        ("2d", timedelta(days=2)),
        ("1w", timedelta(weeks=1)),
        ("1d12h", timedelta(hours=36)),
        (" 4H ", timedelta(hours=4)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, span: timedelta) -> None:
    assert read_duration(text, "--for") == span


@pytest.mark.parametrize("text", ["", "4", "h", "4 h", "4x", "-4h", "1.5h", "0m", "999999h", "٤h"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_duration(text, "--for")
    assert refused.value.field == "--for"
    assert "4h" in refused.value.remedy
