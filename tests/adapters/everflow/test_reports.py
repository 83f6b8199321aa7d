"""Reports over real HTTP, from a network that computes them and one that breaks them."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from decimal import Decimal

import pytest
from pydantic import SecretStr

from relance.adapters.everflow.reports import EverflowReports
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow.dataset import Fact, Offer, Partner, World
from relance.devstack.everflow.faults import (
    Cut,
    ErrorBody,
    Fault,
    MissingRows,
    Quirks,
    Renamed,
    Slow,
    Stale,
    StatusFault,
    TruncatedJson,
    WrongShape,
    WrongZone,
)
from relance.devstack.everflow.gate import AFFILIATE_KEY, CallLimits
from relance.devstack.everflow.samples import DEFAULT_PAGE_CLICKS, PAUSED_PARTNER
from relance.domain.reports.table import Cell, ReportColumn, ReportRequest
from relance.errors import DependencyUnavailable, ReportError, ReportRefused, ReportUnavailable, ReportUnusable
from relance.settings.everflow import Everflow
from tests.adapters.everflow.conftest import MORNING

YESTERDAY = MORNING - timedelta(days=1)
PAGES = ReportRequest(YESTERDAY, YESTERDAY, (ReportColumn.OFFER_URL, ReportColumn.OFFER, ReportColumn.AFFILIATE))
PARTNERS = ReportRequest(MORNING - timedelta(days=3), YESTERDAY, (ReportColumn.AFFILIATE,))
TABLE = "/v1/networks/reporting/entity/table"


async def test_a_report_has_the_asked_columns_the_clicks_and_the_money(reports: EverflowReports) -> None:
    table = await reports.rows(PAGES)
    assert (table.zone, table.currency, table.request) == ("Europe/Amsterdam", "EUR", PAGES)
    (found,) = (row for row in table.rows if row.columns[ReportColumn.OFFER_URL] == Cell("0", "Default"))
    assert found.columns[ReportColumn.OFFER] == Cell("1", "Summer Sale NL")
    assert found.columns[ReportColumn.AFFILIATE] == Cell("376", "Partner Alpha")
    assert (found.total_click, found.revenue) == (DEFAULT_PAGE_CLICKS, Decimal(0))
    assert 0 < found.unique_click < found.total_click


async def test_three_days_are_one_row_per_partner_and_a_partner_without_traffic_has_none(
    reports: EverflowReports,
) -> None:
    rows = {row.columns[ReportColumn.AFFILIATE].id: row for row in (await reports.rows(PARTNERS)).rows}
    assert rows["202"].revenue == Decimal(150)
    assert rows["204"].revenue == Decimal(60 - 15 + 60)
    assert str(PAUSED_PARTNER) not in rows


async def test_dollars_are_asked_for_and_delivered(network: EverflowControl, settings: Everflow) -> None:
    async with EverflowReports(settings.model_copy(update={"currency": "USD"})) as reports:
        rows = {row.columns[ReportColumn.AFFILIATE].id: row for row in (await reports.rows(PARTNERS)).rows}
    assert rows["202"].revenue == Decimal(165)


async def test_zone_and_currency_are_looked_up_once_however_many_ask(
    network: EverflowControl, reports: EverflowReports
) -> None:
    await asyncio.gather(*(reports.rows(PAGES) for _ in range(3)), reports.prepare())
    asked = [call.path for call in await network.calls()]
    assert (asked.count("/v1/meta/timezones"), asked.count("/v1/meta/currencies")) == (1, 1)
    assert all("zone 55 EUR" in call.asked for call in await network.calls() if call.path == TABLE)


async def test_a_failed_look_up_is_not_kept(network: EverflowControl, reports: EverflowReports) -> None:
    await network.add_fault(StatusFault(path="/v1/meta/*", code=500, times=1))
    with pytest.raises(ReportUnavailable):
        await reports.prepare()
    await reports.prepare()


@pytest.mark.parametrize(
    ("change", "named"),
    [({"timezone": "Europe/Vaduz"}, "RELANCE_EVERFLOW__TIMEZONE"), ({"currency": "XXX"}, "RELANCE_EVERFLOW__CURRENCY")],
)
async def test_an_unknown_zone_or_currency_is_refused_with_the_settings_name(
    network: EverflowControl, settings: Everflow, change: dict[str, str], named: str
) -> None:
    async with EverflowReports(settings.model_copy(update=change)) as reports:
        with pytest.raises(ReportRefused, match=named):
            await reports.rows(PAGES)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (TruncatedJson(), "unreadable"),
        (StatusFault(code=302, html=True), None),
        (ErrorBody(), "error_body"),
        (ErrorBody(spelling="error"), "error_body"),
        (ErrorBody(path=TABLE), "error_body"),
        (MissingRows(), "totals"),
        (MissingRows(partners=(202,)), "totals"),
        (Cut(rows=3), "truncated"),
        (Cut(rows=0, flagged=False), "days"),
        (WrongShape(shape="flat"), "shape"),
        (WrongShape(shape="nested"), "shape"),
        (WrongShape(shape="column_missing"), "columns"),
        (WrongShape(shape="column_extra"), "columns"),
        (WrongShape(shape="no_figures"), "value"),
        (WrongShape(shape="repeated"), "repeated"),
        (Stale(), "dates"),
        (Stale(path=TABLE, days=7), "dates"),
        (WrongZone(), "dates"),
        (WrongZone(zone="UTC", path=TABLE), "dates"),
    ],
    ids=str,
)
async def test_a_report_that_is_not_the_whole_truth_is_never_returned(
    network: EverflowControl, reports: EverflowReports, fault: Fault, reason: str | None
) -> None:
    await network.add_fault(fault)
    for request in (PAGES, PARTNERS):
        with pytest.raises(ReportError) as caught:
            await reports.rows(request)
        if reason is None:
            assert isinstance(caught.value, ReportRefused)
        else:
            assert isinstance(caught.value, ReportUnusable)
            assert caught.value.reason == reason
    await network.clear_faults()
    await reports.rows(PAGES)


@pytest.mark.parametrize(("request_", "rows"), [(PAGES, 3), (PARTNERS, 13)])
async def test_a_table_cut_without_a_word_does_not_add_up(
    network: EverflowControl, reports: EverflowReports, request_: ReportRequest, rows: int
) -> None:
    await network.add_fault(Cut(rows=rows, flagged=False))
    with pytest.raises(ReportUnusable) as caught:
        await reports.rows(request_)
    assert caught.value.reason == "totals"


async def test_a_day_that_is_not_there_yet_is_no_data(network: EverflowControl, reports: EverflowReports) -> None:
    with pytest.raises(ReportUnusable, match=str(MORNING)) as caught:
        await reports.rows(ReportRequest(YESTERDAY, MORNING, (ReportColumn.AFFILIATE,)))
    assert caught.value.reason == "days"


async def test_without_days_and_totals_the_report_is_one_call_of_fewer_rows(
    network: EverflowControl, settings: Everflow, reports: EverflowReports
) -> None:
    async with EverflowReports(settings.model_copy(update={"check_dates": False, "check_totals": False})) as bare:
        assert (await bare.rows(PARTNERS)).rows == (await reports.rows(PARTNERS)).rows
    asked = [call.asked for call in await network.calls() if call.asked]
    assert [text.split()[1] for text in asked] == ["affiliate", "affiliate,date", "affiliate,date"]


async def test_numbers_as_texts_nan_unknown_keys_and_tabs_change_nothing(
    network: EverflowControl, reports: EverflowReports
) -> None:
    plain = await reports.rows(PAGES)
    await network.add_fault(Quirks())
    assert await reports.rows(PAGES) == plain


async def test_a_partner_renamed_between_two_calls_keeps_his_id(
    network: EverflowControl, reports: EverflowReports
) -> None:
    await network.add_fault(Renamed(partner=202, name="Partner Half BV", after=1))
    names = []
    for _ in range(2):
        cells = [row.columns[ReportColumn.AFFILIATE] for row in (await reports.rows(PARTNERS)).rows]
        names += [cell.label for cell in cells if cell.id == "202"]
    assert names == ["Partner Half", "Partner Half BV"]


async def test_ten_thousand_real_rows_are_refused_with_and_without_the_flag(
    network: EverflowControl, reports: EverflowReports
) -> None:
    facts = [
        Fact.model_validate(
            {"hour": "2026-11-03T12:00:00Z", "partner": n, "offer": 1, "total_click": 1, "revenue": "1"}
        )
        for n in range(1, 10_002)
    ]
    await network.put_world(
        World(partners=(Partner(id=1, name="A"),), offers=(Offer(id=1, name="O"),), facts=tuple(facts))
    )
    request = ReportRequest(date(2026, 11, 3), date(2026, 11, 3), (ReportColumn.AFFILIATE,))
    with pytest.raises(ReportUnusable, match="marked as incomplete after 10000 rows"):
        await reports.rows(request)
    await network.add_fault(Cut(rows=10_000, flagged=False))
    with pytest.raises(ReportUnusable, match="10000 rows, which is where reports are cut"):
        await reports.rows(request)


@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        (StatusFault(code=429, error="Big Query usage is above limit", spelling="error"), 30.0),
        (StatusFault(code=429, retry_after="7"), 7.0),
        (StatusFault(code=500), None),
        (StatusFault(code=503, retry_after="120"), 120.0),
        (StatusFault(code=502, html=True), None),
    ],
    ids=str,
)
async def test_later_says_when(
    network: EverflowControl, reports: EverflowReports, fault: StatusFault, wait: float | None
) -> None:
    await network.add_fault(fault)
    with pytest.raises(ReportUnavailable, match=f"answered {fault.code}") as caught:
        await reports.rows(PAGES)
    assert caught.value.retry_after == wait
    assert (caught.value.limit, caught.value.remaining) == (900, 899)
    assert isinstance(caught.value, DependencyUnavailable)


async def test_a_slow_answer_is_given_up_after_the_time_limit(network: EverflowControl, settings: Everflow) -> None:
    await network.add_fault(Slow(path="*/table", seconds=2))
    async with EverflowReports(settings.model_copy(update={"timeout": 0.3})) as reports:
        with pytest.raises(ReportUnavailable) as caught:
            await reports.rows(PAGES)
    assert caught.value.retry_after is None


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with EverflowReports(Everflow(base_url="http://127.0.0.1:9", api_key=SecretStr("k"), timeout=5)) as reports:
        with pytest.raises(ReportUnavailable, match="ConnectError"):
            await reports.prepare()


async def test_an_internal_error_with_status_400_is_our_fault_and_not_theirs(
    network: EverflowControl, reports: EverflowReports
) -> None:
    await network.add_fault(StatusFault(code=400, error="Internal error", path="*/reporting/*"))
    with pytest.raises(ReportRefused, match="Internal error") as caught:
        await reports.rows(PAGES)
    assert caught.value.status == 400


@pytest.mark.parametrize(("key", "status"), [("wrong", 401), (AFFILIATE_KEY, 403)])
async def test_a_wrong_key_is_refused_with_a_remedy_and_never_shown(
    network: EverflowControl, settings: Everflow, key: str, status: int
) -> None:
    async with EverflowReports(settings.model_copy(update={"api_key": SecretStr(key)})) as reports:
        with pytest.raises(ReportRefused, match=r"RELANCE_EVERFLOW__API_KEY|network key") as caught:
            await reports.prepare()
    assert caught.value.status == status
    assert f" {key} " not in str(caught.value)


async def test_without_a_key_nothing_is_asked(network: EverflowControl) -> None:
    async with EverflowReports(Everflow(base_url=network.url)) as reports:
        with pytest.raises(ReportRefused, match="RELANCE_EVERFLOW__API_KEY"):
            await reports.prepare()
    assert await network.calls() == []


async def test_at_most_four_calls_are_under_way(network: EverflowControl, reports: EverflowReports) -> None:
    await network.add_fault(Slow(path="*/reporting/*", seconds=0.05))
    await asyncio.gather(*(reports.rows(PAGES) for _ in range(12)))
    assert (await network.stats()).reports_at_once == 4


async def test_a_used_up_window_is_not_knocked_at_again(network: EverflowControl, reports: EverflowReports) -> None:
    await network.set_limits(CallLimits(calls=4))
    await reports.rows(PAGES)
    before = len(await network.calls())
    with pytest.raises(ReportUnavailable, match="used up") as caught:
        await reports.rows(PAGES)
    assert caught.value.retry_after is not None
    assert 25 < caught.value.retry_after <= 30
    assert len(await network.calls()) == before


async def test_statuses_are_found_over_several_pages_and_the_unknown_are_left_out(
    network: EverflowControl, reports: EverflowReports
) -> None:
    partners = tuple(Partner(id=n, name=f"P{n}", status="active") for n in range(1, 2_500))
    last = (Partner(id=9_000, name="Last", status="suspended"),)
    await network.put_world(World(partners=partners + last))
    assert await reports.partner_status(["9000", "2", "777777"]) == {"2": "active", "9000": "suspended"}
    assert len(await network.calls()) == 2
    assert await reports.partner_status(["2"]) == {"2": "active"}
    assert len(await network.calls()) == 3
    assert await reports.partner_status([]) == {}
