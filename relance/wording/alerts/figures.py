"""Figures and times as people write them in each language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from relance.domain.zones import Window

NO_BREAK = "\u00a0"
NARROW = "\u202f"
MINUS = "\u2212"


@dataclass(frozen=True, slots=True)
class Figures:
    """How one language writes figures: separators, the place of a currency, the months, a day's first letter."""

    thousands: str
    point: str
    before_percent: str
    currency_first: bool
    months: tuple[str, ...]
    first_of_month: str
    span: str
    day_unit: str

    def whole(self, value: Decimal | int) -> str:
        """Return a count: `1,234`."""
        return self._number(Decimal(value), 0)

    def money(self, amount: Decimal, currency: str) -> str:
        """Return an amount: `EUR 1,234.50`."""
        number = self._number(amount, 2)
        return f"{currency}{NO_BREAK}{number}" if self.currency_first else f"{number}{NO_BREAK}{currency}"

    def percent(self, value: Decimal) -> str:
        """Return a percentage with one decimal, or none where it is zero: `91.9%`, `50%`."""
        number = self._number(value, 1)
        return f"{number.removesuffix(f'{self.point}0')}{self.before_percent}%"

    def plain(self, value: Decimal) -> str:
        """Return any other figure, exactly as it is."""
        exponent = value.normalize().as_tuple().exponent
        return self._number(value, max(0, -exponent) if isinstance(exponent, int) else 0)

    def day(self, day: date) -> str:
        """Return a day: `9 March 2026`."""
        return f"{self._number_of_day(day)}{NO_BREAK}{self.months[day.month - 1]} {day.year}"

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

    def duration(self, span: timedelta) -> str:
        """Return a duration by its two largest units: `2 d 3 h`, `5 min`."""
        minutes = max(0, round(span / timedelta(minutes=1)))
        days, hours, minutes = minutes // 1440, minutes % 1440 // 60, minutes % 60
        parts = [(days, self.day_unit), (hours, "h"), (minutes, "min")]
        shown = [f"{count}{NO_BREAK}{unit}" for count, unit in parts if count][:2]
        return " ".join(shown) or f"0{NO_BREAK}min"

    def _number_of_day(self, day: date) -> str:
        return self.first_of_month if day.day == 1 else str(day.day)

    def _number(self, value: Decimal, decimals: int) -> str:
        rounded = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
        text = f"{abs(rounded):,.{decimals}f}".replace(",", "\0").replace(".", self.point).replace("\0", self.thousands)
        return f"{MINUS}{text}" if rounded < 0 else text


ENGLISH = Figures(
    thousands=",",
    point=".",
    before_percent="",
    currency_first=True,
    months=(
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    first_of_month="1",
    span="{first} to {last}",
    day_unit="d",
)  # fmt: skip

FRENCH = Figures(
    thousands=NARROW,
    point=",",
    before_percent=NARROW,
    currency_first=False,
    months=(
        "janvier", "février", "mars", "avril", "mai", "juin",
        "juillet", "août", "septembre", "octobre", "novembre", "décembre",
    ),
    first_of_month="1er",
    span="{first} au {last}",
    day_unit="j",
)  # fmt: skip
