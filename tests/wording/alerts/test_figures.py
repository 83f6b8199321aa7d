from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.zones import window_of
from relance.wording.alerts.figures import ENGLISH, FRENCH


@pytest.mark.parametrize(
    ("amount", "english", "french"),
    [
        ("1234.5", "EUR\u00a01,234.50", "1\u202f234,50\u00a0EUR"),
        ("0", "EUR\u00a00.00", "0,00\u00a0EUR"),
        ("1234567.891", "EUR\u00a01,234,567.89", "1\u202f234\u202f567,89\u00a0EUR"),
        ("-20", "EUR\u00a0−20.00", "−20,00\u00a0EUR"),
        ("-0.001", "EUR\u00a00.00", "0,00\u00a0EUR"),
        ("0.005", "EUR\u00a00.01", "0,01\u00a0EUR"),
    ],
)
def test_amounts_are_written_as_in_each_language(amount: str, english: str, french: str) -> None:
    assert ENGLISH.money(Decimal(amount), "EUR") == english
    assert FRENCH.money(Decimal(amount), "EUR") == french


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        ("50", "50%", "50\u202f%"),
        ("91.94", "91.9%", "91,9\u202f%"),
        ("50.05", "50.1%", "50,1\u202f%"),
        ("99.96", "100%", "100\u202f%"),
        ("125", "125%", "125\u202f%"),
    ],
)
def test_percentages_have_a_decimal_only_where_it_says_something(value: str, english: str, french: str) -> None:
    assert (ENGLISH.percent(Decimal(value)), FRENCH.percent(Decimal(value))) == (english, french)


def test_counts_and_other_figures_are_grouped_by_thousands() -> None:
    assert (ENGLISH.whole(12345), FRENCH.whole(12345)) == ("12,345", "12\u202f345")
    assert [ENGLISH.plain(Decimal(value)) for value in ("1500", "0.250", "-3", "1E+3")] == [
        "1,500",
        "0.25",
        "−3",
        "1,000",
    ]


@pytest.mark.parametrize(
    ("days", "english", "french"),
    [
        ((date(2026, 3, 9), date(2026, 3, 9)), "9\u00a0March 2026", "9\u00a0mars 2026"),
        ((date(2026, 2, 27), date(2026, 3, 1)), "27\u00a0February 2026 to 1\u00a0March 2026",
         "27\u00a0février 2026 au 1er\u00a0mars 2026"),
    ],
)  # fmt: skip
def test_days_are_written_out(days: tuple[date, date], english: str, french: str) -> None:
    window = window_of(*days, "Europe/Amsterdam")
    assert (ENGLISH.days(window), FRENCH.days(window)) == (english, french)


@pytest.mark.parametrize(
    ("days", "english", "french"),
    [
        ((date(2026, 3, 9), date(2026, 3, 9)), "9\u00a0March 2026", "9\u00a0mars 2026"),
        ((date(2026, 3, 1), date(2026, 3, 3)), "1–3\u00a0March 2026", "1er–3\u00a0mars 2026"),
        ((date(2026, 2, 27), date(2026, 3, 1)), "27\u00a0February – 1\u00a0March 2026",
         "27\u00a0février – 1er\u00a0mars 2026"),
        ((date(2026, 12, 30), date(2027, 1, 1)), "30\u00a0December 2026 – 1\u00a0January 2027",
         "30\u00a0décembre 2026 – 1er\u00a0janvier 2027"),
    ],
)  # fmt: skip
def test_a_label_of_days_says_once_what_both_ends_share(days: tuple[date, date], english: str, french: str) -> None:
    window = window_of(*days, "Europe/Amsterdam")
    assert (ENGLISH.days_in_short(window), FRENCH.days_in_short(window)) == (english, french)


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (timedelta(seconds=20), "0 min"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=23, minutes=5), "23 h 5 min"),
        (timedelta(hours=24), "1 d"),
        (timedelta(days=2, hours=3, minutes=9), "2 d 3 h"),
        (-timedelta(minutes=1), "0 min"),
    ],
)
def test_durations_are_their_two_largest_units(span: timedelta, shown: str) -> None:
    assert ENGLISH.duration(span).replace("\u00a0", " ") == shown
    assert FRENCH.duration(span) == ENGLISH.duration(span).replace("d", "j")


@given(st.decimals(-(10**9), 10**9, places=2))
def test_an_amount_reads_back_as_itself(amount: Decimal) -> None:
    plain = str.maketrans({",": "", "−": "-", "\u00a0": ""})
    assert Decimal(ENGLISH.money(amount, "").translate(plain)) == amount
    french = FRENCH.money(amount, "").replace("\u202f", "").replace(",", ".").replace("−", "-")
    assert Decimal(french.strip("\u00a0")) == amount
