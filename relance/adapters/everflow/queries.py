"""What is sent: one body for the table and its totals."""

from __future__ import annotations

from typing import Any

from relance.adapters.everflow import days
from relance.domain.reports.table import ReportRequest

TABLE = "/v1/networks/reporting/entity/table"
TOTALS = "/v1/networks/reporting/entity/summary"
PARTNERS = "/v1/networks/affiliatestable"
TIMEZONES = "/v1/meta/timezones"
CURRENCIES = "/v1/meta/currencies"


def report(request: ReportRequest, timezone_id: int, currency: str, *, by_day: bool) -> dict[str, Any]:
    """Return the body of a report. Zone and currency are always named: without one of them Everflow answers 400."""
    columns = [*map(str, request.columns), *([days.COLUMN] if by_day else [])]
    return {
        "from": request.from_date.isoformat(),
        "to": request.to_date.isoformat(),
        "timezone_id": timezone_id,
        "currency_id": currency,
        "columns": [{"column": column} for column in columns],
        "query": {"filters": [], "exclusions": [], "metric_filters": [], "user_metrics": [], "settings": {}},
    }
