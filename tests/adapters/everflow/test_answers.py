from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from relance.adapters.everflow import answers
from relance.errors import ReportUnusable

NOW = datetime(2026, 11, 4, 8, 0, tzinfo=UTC)


def test_fractions_become_decimals_and_never_floats() -> None:
    found = answers.parse(b'{"revenue": 6675.752, "whole": 3, "tiny": 1e-7}')
    assert found == {"revenue": Decimal("6675.752"), "whole": 3, "tiny": Decimal("1e-7")}
    assert not [value for value in found.values() if isinstance(value, float)]


def test_nan_a_byte_order_mark_and_control_characters_in_texts_do_not_stop_the_reading() -> None:
    found = answers.parse(b'\xef\xbb\xbf{"ctr": NaN, "cpm": -Infinity, "label": "a\tb\x01c"}')
    assert found["ctr"].is_nan()
    assert found["cpm"].is_infinite()
    assert found["label"] == "a\tb\x01c"


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>502</html>", b'{"table": [', b'{"a": 1', b"[" * 100_000, b"1" * 5_000, b"1e99999999999999999999"],
)
def test_what_is_not_whole_json_is_unreadable(content: bytes) -> None:
    with pytest.raises(ReportUnusable) as caught:
        answers.parse(content)
    assert caught.value.reason == "unreadable"


@pytest.mark.parametrize("key", ["Error", "error"])
def test_both_spellings_of_an_error_are_read(key: str) -> None:
    assert answers.error_in({key: "Out of realm"}) == "Out of realm"
    assert answers.error_text(b'{"%s": "Out of\\nrealm"}' % key.encode()) == "Out of realm"


def test_data_without_an_error_has_none() -> None:
    assert answers.error_in({"table": [], "error": None}) is None
    assert answers.error_in([{"error": "x"}]) is None
    assert answers.error_text(b"<html>") == "without an error message of Everflow's"


def test_a_text_of_theirs_is_one_printable_line_and_cut() -> None:
    assert answers.plain("a\r\n\tb\u202ec") == "a b c"
    assert answers.plain("x" * 500, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("2.5", 2.5),
        ("86400", 3600.0),
        ("Wed, 04 Nov 2026 08:01:30 GMT", 90.0),
        ("Wed, 04 Nov 2026 08:01:30 -0000", 90.0),
        ("Wed, 04 Nov 2026 07:00:00 GMT", 0.0),
        ("-3", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_number_or_date(text: str, seconds: float | None) -> None:
    assert answers.retry_after({"retry-after": text}, NOW) == seconds


def test_rate_headers_are_read_and_nonsense_is_not() -> None:
    assert answers.rate({"x-ratelimit-limit": "900", "x-ratelimit-remaining": "0"}) == (900, 0)
    assert answers.rate({"x-ratelimit-limit": "many"}) == (None, None)
