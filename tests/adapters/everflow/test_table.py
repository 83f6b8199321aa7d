from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from relance.adapters.everflow import table
from relance.adapters.everflow.totals import Totals, check, totals
from relance.domain.reports.table import Cell, ReportColumn, ReportRequest
from relance.errors import ReportUnusable

ZONE = "Europe/Amsterdam"
FIRST, SECOND = "1793660400", "1793746800"
REQUEST = ReportRequest(date(2026, 11, 3), date(2026, 11, 4), (ReportColumn.AFFILIATE,))
PLAIN = {"total_click": 10, "unique_click": 9, "revenue": Decimal("1.5")}


def _row(partner: str = "376", day: str = FIRST, label: str = "Alpha", **figures: Any) -> dict[str, Any]:
    return {
        "columns": [
            {"column_type": "date", "id": day, "label": day},
            {"column_type": "affiliate", "id": partner, "label": label},
        ],
        "reporting": {**PLAIN, **figures},
        "usm_columns": [],
    }


def _lines(*rows: Any, zone: str | None = ZONE) -> list[table.TableLine]:
    return list(table.lines(rows, REQUEST, zone))


def _reason(*rows: Any) -> str:
    with pytest.raises(ReportUnusable) as caught:
        table.summed(_lines(*rows))
    return caught.value.reason


def test_the_days_of_a_group_are_added_up_and_the_date_is_no_column_of_the_result() -> None:
    rows = table.summed(_lines(_row(), _row(day=SECOND, total_click=5, revenue=-1), _row("154", revenue="0.10")))
    assert [(dict(row.columns), row.total_click, row.unique_click, row.revenue) for row in rows] == [
        ({ReportColumn.AFFILIATE: Cell("154", "Alpha")}, 10, 9, Decimal("0.1")),
        ({ReportColumn.AFFILIATE: Cell("376", "Alpha")}, 15, 18, Decimal("0.5")),
    ]


def test_a_partner_renamed_within_the_window_is_one_row_under_the_newest_name() -> None:
    (row,) = table.summed(_lines(_row(day=SECOND, label="Alpha BV"), _row(label="Alpha")))
    assert row.columns[ReportColumn.AFFILIATE] == Cell("376", "Alpha BV")
    assert row.total_click == 20


def test_columns_may_come_in_any_order_and_with_more_keys() -> None:
    row = _row()
    row["columns"].reverse()
    row["columns"][0]["hint"] = 1
    assert _lines({**row, "new": {}}) == _lines(_row())


def test_a_label_is_one_printable_line() -> None:
    (line,) = _lines(_row(label="Al\x00pha\r\n\u202e\t" + "x" * 500))
    label = line.columns[ReportColumn.AFFILIATE].label
    assert label.startswith("Al pha x")
    assert len(label) == table.LONGEST_LABEL


def test_a_report_that_was_not_asked_by_day_has_no_day() -> None:
    row = _row()
    row["columns"] = row["columns"][1:]
    (line,) = _lines(row, zone=None)
    assert line.day is None


def test_a_row_must_have_exactly_the_asked_columns() -> None:
    less, more, other = _row(), _row(), _row()
    less["columns"] = less["columns"][:1]
    more["columns"] = [*more["columns"], {"column_type": "country", "id": "NL", "label": "NL"}]
    other["columns"][1]["column_type"] = "offer"
    assert [_reason(row) for row in (less, more, other)] == ["columns"] * 3


def test_rows_of_another_shape_are_refused() -> None:
    twice = _row()
    twice["columns"] = [*twice["columns"], twice["columns"][0]]
    flat = {"offer_url_name": "Default", "clicks": 63}
    figureless = {key: value for key, value in _row().items() if key != "reporting"}
    nameless = {**_row(), "columns": ["affiliate", "date"]}
    assert [_reason(row) for row in (twice, flat, figureless, nameless, "row", None)] == ["shape"] * 6


@pytest.mark.parametrize("figure", ["total_click", "unique_click", "revenue"])
@pytest.mark.parametrize("value", [None, "N/A", Decimal("NaN")])
def test_a_figure_that_cannot_be_read_makes_the_report_unusable(figure: str, value: Any) -> None:
    assert _reason(_row(**{figure: value})) == "value"


def test_nan_in_a_figure_nobody_asked_for_is_no_harm() -> None:
    assert _lines(_row(ctr=Decimal("NaN"))) == _lines(_row())


def test_a_row_of_another_day_is_refused() -> None:
    assert _reason(_row(), _row(day="1793574000")) == "dates"


def test_the_same_row_twice_is_refused_and_not_added_up() -> None:
    assert _reason(_row(), _row(total_click=7)) == "repeated"


@pytest.mark.parametrize("flag", [True, "true", 1])
def test_a_table_that_says_it_is_incomplete_is_refused_however_short(flag: Any) -> None:
    with pytest.raises(ReportUnusable) as caught:
        table.entries({"table": [_row()], "incomplete_results": flag}, 10_000)
    assert caught.value.reason == "truncated"


@pytest.mark.parametrize("rest", [{}, {"incomplete_results": False}, {"incomplete_results": None}])
def test_ten_thousand_rows_are_a_cut_table_whatever_the_flag_says(rest: dict[str, Any]) -> None:
    assert len(table.entries({"table": [0] * 9_999, **rest}, 10_000)) == 9_999
    with pytest.raises(ReportUnusable) as caught:
        table.entries({"table": [0] * 10_000, **rest}, 10_000)
    assert caught.value.reason == "truncated"


@pytest.mark.parametrize("answer", [{}, [], None, {"table": None}, {"table": {"rows": []}}, {"data": []}])
def test_an_answer_without_a_list_of_rows_is_refused(answer: Any) -> None:
    with pytest.raises(ReportUnusable) as caught:
        table.entries(answer, 10_000)
    assert caught.value.reason == "shape"


@pytest.mark.parametrize("wrap", [lambda figures: figures, lambda figures: {"summary": figures}])
def test_totals_are_read_from_the_top_or_from_under_summary(wrap: Any) -> None:
    assert totals(wrap(PLAIN)) == Totals(10, Decimal("1.5"))


@pytest.mark.parametrize("answer", [{}, [], None, {"summary": []}, {"total_click": 3}])
def test_an_answer_without_totals_is_refused(answer: Any) -> None:
    with pytest.raises(ReportUnusable):
        totals(answer)


def test_rows_must_add_up_to_the_totals_within_the_tolerance_in_both_directions() -> None:
    rows = _lines(_row(), _row("154"))
    for good in (Totals(20, Decimal(3)), Totals(22, Decimal("3.5")), Totals(18, Decimal("2.5"))):
        check(rows, good, clicks=2, revenue=Decimal("0.5"))
    for bad in (
        Totals(23, Decimal(3)),
        Totals(17, Decimal(3)),
        Totals(20, Decimal("3.51")),
        Totals(20, Decimal("2.49")),
    ):
        with pytest.raises(ReportUnusable) as caught:
            check(rows, bad, clicks=2, revenue=Decimal("0.5"))
        assert caught.value.reason == "totals"
