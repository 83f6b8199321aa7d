"""A report of partner traffic, independent of its source (SPEC section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class ReportColumn(StrEnum):
    """What rows can be grouped by."""

    OFFER_URL = "offer_url"
    AFFILIATE = "affiliate"
    OFFER = "offer"


class Clicks(StrEnum):
    """Which of a row's click counts a rule reads."""

    TOTAL = "total_click"
    UNIQUE = "unique_click"


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """Asks for the full local days from `from_date` to `to_date`, both included, grouped by `columns`."""

    from_date: date
    to_date: date
    columns: tuple[ReportColumn, ...]

    def __post_init__(self) -> None:
        if self.to_date < self.from_date:
            raise ValueError("a report cannot end before it begins")
        if not self.columns or len(set(self.columns)) != len(self.columns):
            raise ValueError("a report needs columns, each one once")


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a column: `id` identifies it, `label` is what people read and may change at any time."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One group with its figures over the whole window; revenue may be negative (adjustments).

    `columns` has exactly the requested columns. `unique_click` is the sum of the days' unique clicks.
    """

    columns: Mapping[ReportColumn, Cell]
    total_click: int
    unique_click: int
    revenue: Decimal

    def clicks(self, which: Clicks) -> int:
        """Return the click count that counts."""
        return self.total_click if which is Clicks.TOTAL else self.unique_click


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A complete report: every group with traffic in the window has its one row, a group without has none.

    Days are those of `zone`; money is in `currency` (ISO 4217).
    """

    request: ReportRequest
    rows: tuple[ReportRow, ...]
    zone: str
    currency: str
