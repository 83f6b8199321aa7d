from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from relance.adapters.everflow import values
from relance.errors import ReportUnusable

NOT_MONEY: list[Any] = [
    None,
    True,
    "",
    "1,234.50",
    "12 EUR",
    "1e5",
    [],
    {},
    Decimal("NaN"),
    Decimal("Infinity"),
    10**12,
    "N/A",
]


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (0, "0"),
        (24, "24"),
        (Decimal("24.5"), "24.5"),
        ("24.50", "24.5"),
        (" -3 ", "-3"),
        (Decimal("-0.01"), "-0.01"),
        (Decimal("99.99999999999999"), "100"),
        (Decimal("1e-400"), "0"),
        (999_999_999_999, "999999999999"),
    ],
)
def test_amounts_are_read_from_numbers_and_texts(value: Any, amount: str) -> None:
    assert values.money(value, "revenue") == Decimal(amount)


@pytest.mark.parametrize("value", NOT_MONEY)
def test_what_is_no_amount_is_no_data(value: Any) -> None:
    with pytest.raises(ReportUnusable, match="revenue of row 3") as caught:
        values.money(value, "revenue of row 3")
    assert caught.value.reason == "value"


@pytest.mark.parametrize(("value", "number"), [(63, 63), ("63", 63), (Decimal("63.0"), 63), ("63.000", 63), (0, 0)])
def test_counts_are_read_from_numbers_and_texts(value: Any, number: int) -> None:
    found = values.count(value, "total_click")
    assert found == number
    assert type(found) is int


@pytest.mark.parametrize("value", [*NOT_MONEY, -1, Decimal("50.5"), "50.5"])
def test_what_is_no_count_is_no_data(value: Any) -> None:
    with pytest.raises(ReportUnusable):
        values.count(value, "total_click")


@pytest.mark.parametrize(("value", "text"), [(376, "376"), ("376", "376"), ("N/A", "N/A"), (0, "0")])
def test_ids_are_texts_whatever_they_came_as(value: Any, text: str) -> None:
    assert values.identifier(value, "id") == text


@pytest.mark.parametrize("value", [None, True, "", 1.5, Decimal(3), "a b", "x" * 65, "1\n2", []])
def test_what_cannot_be_an_id_is_no_data(value: Any) -> None:
    with pytest.raises(ReportUnusable):
        values.identifier(value, "id")
