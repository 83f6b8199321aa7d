"""How CLDR, the Unicode data on languages, writes figures, months and plurals; the only module that imports Babel.

Whoever needs it imports it when it is used: Babel takes 60 ms to import, and most commands write no figure. `locale` is
a CLDR identifier (`en_001`, `fr`). A minus is U+2212 in every language; CLDR has the hyphen of the keyboard.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.dates import format_date
from babel.numbers import (
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
)

MINUS: Final = "\u2212"


def plural(count: Decimal | int, locale: str) -> str:
    """Return the plural category of a count: `one`, `other`, or `many` for the whole millions of French."""
    return _locale(locale).plural_form(count)


def number(value: Decimal, locale: str) -> str:
    """Return a figure with all its decimals, grouped by thousands: `1,234.5`."""
    pattern = _with_minus(_locale(locale).decimal_formats[None].pattern)
    return format_decimal(value, pattern, _locale(locale), decimal_quantization=False)


def percent(value: Decimal, locale: str) -> str:
    """Return hundredths with all their decimals: `91.9%`."""
    pattern = _with_minus(_locale(locale).percent_formats[None].pattern)
    return format_percent(value.scaleb(-2), pattern, _locale(locale), decimal_quantization=False)


def money(amount: Decimal, currency: str, locale: str, pattern: str | None = None) -> str:
    """Return an amount by a pattern of CLDR's, by default that of the locale; it has the decimals of its currency."""
    signed = _with_minus(pattern or _locale(locale).currency_formats["standard"].pattern)
    return format_currency(amount, currency, signed, _locale(locale))


def decimals(currency: str) -> int:
    """Return how many decimals a currency has: none for JPY, three for TND."""
    return get_currency_precision(currency)


def short(count: int, locale: str) -> str:
    """Return a count in few letters: `12.3K`."""
    return format_compact_decimal(count, locale=_locale(locale), fraction_digits=1)


def day(day: date, pattern: str, locale: str) -> str:
    """Return a day by a pattern of CLDR's: `EEEE d MMMM y`."""
    return format_date(day, pattern, _locale(locale))


def weekdays(locale: str) -> tuple[str, ...]:
    """Return the short names of the weekdays, from Monday on."""
    names = _locale(locale).days["stand-alone"]["abbreviated"]
    return tuple(names[number] for number in range(7))


@lru_cache(maxsize=8)
def _locale(identifier: str) -> Locale:
    return Locale.parse(identifier)


def _with_minus(pattern: str) -> str:
    # The sign goes to the number, behind a currency that stands in front.
    start = min(pattern.index(letter) for letter in "#0" if letter in pattern)
    return f"{pattern};{pattern[:start]}{MINUS}{pattern[start:]}"
