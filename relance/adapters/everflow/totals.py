"""The network's totals, against which a table is held: they count the rows that are missing from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from relance.adapters.everflow import values
from relance.adapters.everflow.table import TableLine
from relance.errors import ReportUnusable


@dataclass(frozen=True, slots=True)
class Totals:
    """Figures over a whole window."""

    total_click: int
    revenue: Decimal


def totals(answer: Any) -> Totals:
    """Return the totals of an answer; the figures are on top, or under `summary` as in the older endpoint.

    Raises:
        ReportUnusable: there are none.
    """
    figures = answer.get("summary", answer) if isinstance(answer, Mapping) else None
    if not isinstance(figures, Mapping):
        raise ReportUnusable("shape", "there are no totals")
    return Totals(
        values.count(figures.get("total_click"), "total_click of the totals"),
        values.money(figures.get("revenue"), "revenue of the totals"),
    )


def check(found: Sequence[TableLine], expected: Totals, *, clicks: int, revenue: Decimal) -> None:
    """Check that rows add up to the totals within these tolerances, for figures that changed between the two calls.

    Raises:
        ReportUnusable: they do not.
    """
    missing_clicks = expected.total_click - sum(line.total_click for line in found)
    missing_revenue = expected.revenue - sum((line.revenue for line in found), Decimal(0))
    if abs(missing_clicks) > clicks or abs(missing_revenue) > revenue:
        raise ReportUnusable(
            "totals", f"the rows differ from the totals by {missing_clicks} clicks and {missing_revenue} in revenue"
        )
