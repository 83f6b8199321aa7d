"""Which day a row belongs to: the column `date` carries the Unix second of local midnight in the zone that was used.

An answer does not repeat what was asked. Asked by day, it shows all the same whether it is about our days and our zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from relance.domain.reports.table import ReportRequest
from relance.domain.zones import zone_info
from relance.errors import ReportUnusable

COLUMN = "date"


def days(request: ReportRequest) -> list[date]:
    """Return the days of a request in order."""
    return [request.from_date + timedelta(days=n) for n in range((request.to_date - request.from_date).days + 1)]


def midnights(request: ReportRequest, zone: str) -> dict[str, date]:
    """Return each day of a request by its id in the column `date`."""
    rules = zone_info(zone)
    return {str(int(datetime(day.year, day.month, day.day, tzinfo=rules).timestamp())): day for day in days(request)}


def day_of(cell_id: str, known: Mapping[str, date], zone: str) -> date:
    """Return the day of a row.

    Raises:
        ReportUnusable: it is none of the days that were asked, or a day of another zone.
    """
    found = known.get(cell_id)
    if found is None:
        raise ReportUnusable("dates", f"a row is dated {cell_id}, which is no day of this report in {zone}")
    return found


def all_present(found: Iterable[date], request: ReportRequest) -> None:
    """Check that every day has traffic: a whole network without a click is a report that is not there yet.

    Raises:
        ReportUnusable: names the first day without any row.
    """
    seen = set(found)
    for day in days(request):
        if day not in seen:
            raise ReportUnusable("days", f"nothing at all for {day}")
