"""Figures, days and plurals as people write them in each language: CLDR's, but for what is said here.

English amounts begin with the code of their currency (SPEC A4). The first of a month is `1er` in French; CLDR has no
form for that. Durations have the symbols of their units, the same in both languages but for the day: CLDR's narrow
English has `5m`, which is a length as well, and its short one mixes words and symbols (`2 days 3 hr`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeAlias

from relance.domain.zones import Window

NO_BREAK = "\u00a0"
MINUS = "\u2212"

Forms: TypeAlias = tuple[str, ...]
"""A template by plural form: for one, for others, and for whole millions where a language has that (`many` in CLDR).

A form that is missing is the one before it. French counts 0 as one, and says "1 000 000 de clics".
"""

_FORMS = {"one": 0, "other": 1, "many": 2}


@dataclass(frozen=True, slots=True)
class Figures:
    """How one language writes figures: its name in CLDR, and what differs from CLDR."""

    locale: str
    money_pattern: str | None
    first_of_month: str
    span: str
    day_unit: str

    def whole(self, value: Decimal | int) -> str:
        """Return a count: `1,234`."""
        return self._number(Decimal(value), 0)

    def money(self, amount: Decimal, currency: str) -> str:
        """Return an amount with the decimals of its currency: `EUR 1,234.50`, `JPY 1,235`."""
        from relance.wording import cldr

        return cldr.money(_rounded(amount, cldr.decimals(currency)), currency, self.locale, self.money_pattern).strip()

    def percent(self, value: Decimal) -> str:
        """Return a percentage with one decimal, or none where it is zero: `91.9%`, `50%`."""
        from relance.wording import cldr

        return cldr.percent(_rounded(value, 1), self.locale)

    def plain(self, value: Decimal) -> str:
        """Return any other figure, exactly as it is."""
        exponent = value.normalize().as_tuple().exponent
        return self._number(value, max(0, -exponent) if isinstance(exponent, int) else 0)

    def with_unit(self, value: Decimal, unit: str) -> str:
        """Return a figure exactly as it is, with its unit if it has one: `12 ms`, `91.25%`."""
        from relance.wording import cldr

        if unit == "%":
            return cldr.percent(value, self.locale)
        return f"{self.plain(value)}{NO_BREAK}{unit}" if unit else self.plain(value)

    def in_short(self, count: int) -> str:
        """Return a count in at most six letters: `1,234`, `12.3K`."""
        from relance.wording import cldr

        return self.whole(count) if count < 10_000 else cldr.short(count, self.locale)

    def counted(self, forms: Forms, count: Decimal | int, **blanks: str) -> str:
        """Return the form for a count, its blanks filled in; `count` is one of them."""
        return self.form(forms, count).format(count=self.whole(count), **blanks)

    def form(self, forms: Forms, count: Decimal | float) -> str:
        """Return the form for a count, which may have decimals: `1.5 mails`."""
        from relance.wording import cldr

        # As a count is shown without decimals of zero, it has none here: 1.0 is one.
        exact = Decimal(str(count)).normalize()
        category = cldr.plural(int(exact) if exact == exact.to_integral_value() else exact, self.locale)
        return forms[min(_FORMS[category], len(forms) - 1)]

    def day(self, day: date) -> str:
        """Return a day: `9 March 2026`."""
        from relance.wording import cldr

        return f"{self._number_of_day(day)}{NO_BREAK}{cldr.day(day, 'MMMM y', self.locale)}"

    def weekdays(self) -> Sequence[str]:
        """Return the short names of the weekdays, from Monday on."""
        from relance.wording import cldr

        return cldr.weekdays(self.locale)

    def days(self, window: Window) -> str:
        """Return the days of a window: `9 March 2026`, `8 March 2026 to 10 March 2026`."""
        first, last = window.first_day, window.last_day
        return self.day(first) if first == last else self.span.format(first=self.day(first), last=self.day(last))

    def days_in_short(self, window: Window) -> str:
        """Return the days of a window as a label, what both ends share written once: `8–10 March 2026`."""
        first, last = window.first_day, window.last_day
        end = self.day(last)
        if first == last:
            return end
        if (first.year, first.month) == (last.year, last.month):
            return f"{self._number_of_day(first)}–{end}"
        start = self.day(first)
        return f"{start.removesuffix(f' {first.year}') if first.year == last.year else start} – {end}"

    def duration(self, span: timedelta, *, seconds: bool = False) -> str:
        """Return a duration by its two largest units: `2 d 3 h`, `5 min`; with `seconds` also `1 min 5 s`."""
        units = [(self.day_unit, 86_400), ("h", 3600), ("min", 60), ("s", 1)][: 4 if seconds else 3]
        smallest, step = units[-1]
        rest = max(0, round(span / timedelta(seconds=step))) * step
        parts = []
        for unit, size in units:
            count, rest = divmod(rest, size)
            if count:
                parts.append(f"{self.whole(count)}{NO_BREAK}{unit}")
        return " ".join(parts[:2]) or f"0{NO_BREAK}{smallest}"

    def _number_of_day(self, day: date) -> str:
        return self.first_of_month if day.day == 1 else str(day.day)

    def _number(self, value: Decimal, decimals: int) -> str:
        from relance.wording import cldr

        return cldr.number(_rounded(value, decimals), self.locale)


def _rounded(value: Decimal, decimals: int) -> Decimal:
    """Return a figure with so many decimals, halves away from zero; never a zero with a minus."""
    rounded = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return rounded if rounded else abs(rounded)


ENGLISH = Figures(
    locale="en_001",
    money_pattern=f"¤¤{NO_BREAK}#,##0.00",
    first_of_month="1",
    span="{first} to {last}",
    day_unit="d",
)

FRENCH = Figures(
    locale="fr",
    money_pattern=None,
    first_of_month="1er",
    span="{first} au {last}",
    day_unit="j",
)

FIGURES: Mapping[str, Figures] = {"en": ENGLISH, "fr": FRENCH}
"""The figures of a language by its code."""
