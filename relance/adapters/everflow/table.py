"""The reporting table: its shape checked row by row, its days added up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from relance.adapters.everflow import days, values
from relance.adapters.everflow.answers import plain
from relance.domain.reports.table import Cell, ReportColumn, ReportRequest, ReportRow
from relance.errors import ReportUnusable

LONGEST_LABEL = 120


@dataclass(frozen=True, slots=True)
class TableLine:
    """One row as delivered; `day` is None when the report was not asked by day."""

    day: date | None
    columns: Mapping[ReportColumn, Cell]
    total_click: int
    unique_click: int
    revenue: Decimal


def entries(answer: Any, row_limit: int) -> Sequence[Any]:
    """Return the rows of an answer, not yet looked at.

    Raises:
        ReportUnusable: there is no table, or it may have been cut: which rows survive a cut is not documented.
    """
    table = answer.get("table") if isinstance(answer, Mapping) else None
    if not isinstance(table, list):
        raise ReportUnusable("shape", "there is no list of rows")
    if answer.get("incomplete_results") not in (None, False):
        raise ReportUnusable("truncated", f"marked as incomplete after {len(table)} rows")
    if len(table) >= row_limit:
        raise ReportUnusable("truncated", f"{len(table)} rows, which is where reports are cut")
    return table


def lines(table: Sequence[Any], request: ReportRequest, zone: str | None) -> Iterator[TableLine]:
    """Yield the rows, in the order of the answer; with a zone they must be dated days of the request.

    Raises:
        ReportUnusable: a row has other columns than the asked ones, a figure is missing or unreadable, or a row's day
            is none of the request.
    """
    wanted = {str(column) for column in request.columns} | ({days.COLUMN} if zone else set())
    known = days.midnights(request, zone) if zone else {}
    for number, row in enumerate(table):
        cells = _cells(row, number)
        if set(cells) != wanted:
            raise ReportUnusable("columns", f"row {number} has {sorted(cells)}, asked were {sorted(wanted)}")
        figures = row.get("reporting")
        if not isinstance(figures, Mapping):
            raise ReportUnusable("shape", f"row {number} has no figures")
        yield TableLine(
            day=days.day_of(cells[days.COLUMN].id, known, zone) if zone else None,
            columns={column: cells[column] for column in request.columns},
            total_click=values.count(figures.get("total_click"), f"total_click of row {number}"),
            unique_click=values.count(figures.get("unique_click"), f"unique_click of row {number}"),
            revenue=values.money(figures.get("revenue"), f"revenue of row {number}"),
        )


def summed(found: Sequence[TableLine]) -> tuple[ReportRow, ...]:
    """Return one row per group over all days, in order of the ids; the label is the one of the latest day.

    Raises:
        ReportUnusable: a row is there twice, as in an answer that was put together wrongly.
    """
    seen: set[tuple[object, ...]] = set()
    groups: dict[tuple[str, ...], list[TableLine]] = {}
    for line in found:
        cells = tuple(line.columns.values())
        if (line.day, cells) in seen:
            raise ReportUnusable("repeated", f"the row of {[cell.id for cell in cells]} is there twice")
        seen.add((line.day, cells))
        groups.setdefault(tuple(cell.id for cell in cells), []).append(line)
    return tuple(_group(groups[key]) for key in sorted(groups))


def _group(found: Sequence[TableLine]) -> ReportRow:
    return ReportRow(
        columns=max(found, key=lambda line: line.day or date.min).columns,
        total_click=sum(line.total_click for line in found),
        unique_click=sum(line.unique_click for line in found),
        revenue=sum((line.revenue for line in found), Decimal(0)),
    )


def _cells(row: Any, number: int) -> dict[str, Cell]:
    columns = row.get("columns") if isinstance(row, Mapping) else None
    if not isinstance(columns, list):
        raise ReportUnusable("shape", f"row {number} has no columns")
    cells: dict[str, Cell] = {}
    for column in columns:
        kind = column.get("column_type") if isinstance(column, Mapping) else None
        if not isinstance(kind, str) or kind in cells:
            raise ReportUnusable("shape", f"row {number} has a column without a type of its own")
        label = column.get("label")
        cells[kind] = Cell(
            id=values.identifier(column.get("id"), f"{plain(kind)} of row {number}"),
            label=plain(str(label), LONGEST_LABEL) if isinstance(label, str | int) else "",
        )
    return cells
