from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.zones import window_of
from relance.wording.alerts.figures import ENGLISH, FRENCH
from relance.wording.alerts.nouns import ENGLISH_NOUNS, FRENCH_NOUNS


@pytest.mark.parametrize(
    ("amount", "currency", "english", "french"),
    [
        ("12450", "EUR", "EUR\u00a012,450.00", "12\u202f450,00\u00a0€"),
        ("1234.5", "EUR", "EUR\u00a01,234.50", "1\u202f234,50\u00a0€"),
        ("0", "EUR", "EUR\u00a00.00", "0,00\u00a0€"),
        ("1234567.891", "EUR", "EUR\u00a01,234,567.89", "1\u202f234\u202f567,89\u00a0€"),
        ("-20", "EUR", "EUR\u00a0−20.00", "−20,00\u00a0€"),
        ("-12450.5", "EUR", "EUR\u00a0−12,450.50", "−12\u202f450,50\u00a0€"),
        ("-0.001", "EUR", "EUR\u00a00.00", "0,00\u00a0€"),
        ("0.005", "EUR", "EUR\u00a00.01", "0,01\u00a0€"),
        ("1.5", "USD", "USD\u00a01.50", "1,50\u00a0$US"),
        ("1234.5", "JPY", "JPY\u00a01,235", "1\u202f235\u00a0JPY"),
        ("-0.4", "JPY", "JPY\u00a00", "0\u00a0JPY"),
        ("1234.5", "TND", "TND\u00a01,234.500", "1\u202f234,500\u00a0TND"),
        ("0.0005", "TND", "TND\u00a00.001", "0,001\u00a0TND"),
        ("3", "XYZ", "XYZ\u00a03.00", "3,00\u00a0XYZ"),
        ("3", "", "3.00", "3,00"),
    ],
)
def test_amounts_are_written_as_in_each_language(amount: str, currency: str, english: str, french: str) -> None:
    assert ENGLISH.money(Decimal(amount), currency) == english
    assert FRENCH.money(Decimal(amount), currency) == french


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        ("50", "50%", "50\u00a0%"),
        ("91.94", "91.9%", "91,9\u00a0%"),
        ("50.05", "50.1%", "50,1\u00a0%"),
        ("99.96", "100%", "100\u00a0%"),
        ("125", "125%", "125\u00a0%"),
        ("1234.5", "1,234.5%", "1\u202f234,5\u00a0%"),
        ("-101.62", "−101.6%", "−101,6\u00a0%"),
        ("0", "0%", "0\u00a0%"),
        ("-0.04", "0%", "0\u00a0%"),
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


@pytest.mark.parametrize(
    ("count", "english", "french"),
    [
        (0, "0 clicks", "0 clic"),
        (1, "1 click", "1 clic"),
        (Decimal("1.0"), "1 click", "1 clic"),
        (2, "2 clicks", "2 clics"),
        (1_000_000, "1,000,000 clicks", "1\u202f000\u202f000 de clics"),
        (1_000_001, "1,000,001 clicks", "1\u202f000\u202f001 clics"),
        (3_000_000, "3,000,000 clicks", "3\u202f000\u202f000 de clics"),
    ],
)
def test_a_count_chooses_the_plural_of_its_language(count: Decimal | int, english: str, french: str) -> None:
    assert ENGLISH.counted(ENGLISH_NOUNS.clicks, count) == english
    assert FRENCH.counted(FRENCH_NOUNS.clicks, count) == french


def test_french_elides_before_a_vowel() -> None:
    assert FRENCH.counted(FRENCH_NOUNS.users, 1_000_000) == "1\u202f000\u202f000 d’utilisateurs"


@pytest.mark.parametrize(
    ("count", "english", "french"), [(0.5, "mails", "mail"), (1.0, "mail", "mail"), (1.5, "mails", "mail")]
)
def test_a_figure_with_decimals_has_the_plural_of_its_language(count: float, english: str, french: str) -> None:
    forms = ("mail", "mails")
    assert (ENGLISH.form(forms, count), FRENCH.form(forms, count)) == (english, french)


def test_a_form_that_is_missing_is_the_one_before() -> None:
    assert [FRENCH.form(("mois",), count) for count in (0, 1, 2, 1_000_000)] == ["mois"] * 4
    assert [FRENCH.form(("jour", "jours"), count) for count in (0, 2, 1_000_000)] == ["jour", "jours", "jours"]


def test_a_figure_with_its_unit_is_not_rounded() -> None:
    assert ENGLISH.with_unit(Decimal("90.04"), "%") == "90.04%"
    assert FRENCH.with_unit(Decimal("90.04"), "%") == "90,04\u00a0%"
    assert FRENCH.with_unit(Decimal(1500), "ms") == "1\u202f500\u00a0ms"
    assert ENGLISH.with_unit(Decimal(-3), "") == "−3"


@pytest.mark.parametrize(
    ("count", "english", "french"),
    [
        (9_999, "9,999", "9\u202f999"),
        (10_000, "10K", "10\u00a0k"),
        (12_345, "12.3K", "12,3\u00a0k"),
        (1_234_567, "1.2M", "1,2\u00a0M"),
    ],
)
def test_a_large_count_fits_under_a_column(count: int, english: str, french: str) -> None:
    assert (ENGLISH.in_short(count), FRENCH.in_short(count)) == (english, french)


def test_weekdays_begin_with_monday() -> None:
    assert tuple(ENGLISH.weekdays()) == ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    assert tuple(FRENCH.weekdays()) == ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")


@given(st.decimals(-(10**9), 10**9, places=2))
def test_an_amount_reads_back_as_itself(amount: Decimal) -> None:
    plain = str.maketrans({",": "", "−": "-", "\u00a0": ""})
    assert Decimal(ENGLISH.money(amount, "").translate(plain)) == amount
    french = FRENCH.money(amount, "").replace("\u202f", "").replace(",", ".").replace("−", "-")
    assert Decimal(french.strip("\u00a0")) == amount
