"""The network behaves as the real API is known to, seen by a plain HTTP client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from relance.devstack import everflow_server
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow.dataset import Fact, Offer, OfferUrl, Partner, World
from relance.devstack.everflow.faults import Slow, StatusFault
from relance.devstack.everflow.gate import AFFILIATE_KEY, NETWORK_KEY, CallLimits
from relance.devstack.everflow.zones import ZONES
from relance.errors import InvalidInput

TABLE = "/v1/networks/reporting/entity/table"
BODY: dict[str, Any] = {
    "from": "2026-03-29",
    "to": "2026-03-29",
    "timezone_id": 55,
    "currency_id": "EUR",
    "columns": [{"column": "affiliate"}],
    "query": {"filters": []},
}


def _fact(hour: str, partner: int = 1, offer: int = 1, url: int = 0, **more: Any) -> Fact:
    plain = {"total_click": 10, "unique_click": 8, "invalid_click": 1, "conversions": 2, "revenue": "12.3456"}
    return Fact.model_validate({"hour": hour, "partner": partner, "offer": offer, "offer_url": url, **plain, **more})


# 2026-03-29 is the day of 23 hours in Amsterdam: from 23:00 UTC of the 28th to 22:00 UTC.
WORLD = World(
    partners=(Partner(id=1, name="One"), Partner(id=2, name="Two", status="inactive"), Partner(id=3, name="Idle")),
    offers=(Offer(id=1, name="Sale"), Offer(id=2, name="Other", status="paused")),
    offer_urls=(OfferUrl(id=7, offer=1, name="Same name"), OfferUrl(id=8, offer=1, name="Same name")),
    facts=(
        _fact("2026-03-28T22:00Z", total_click=1000),
        _fact("2026-03-28T23:00Z"),
        _fact("2026-03-29T21:00Z", url=7),
        _fact("2026-03-29T21:00Z", url=8),
        _fact("2026-03-29T22:00Z", total_click=1000),
        _fact("2026-03-29T10:00Z", partner=2, offer=2, revenue="-1"),
    ),
)


@pytest.fixture
async def api(everflow: EverflowControl) -> AsyncIterator[httpx.AsyncClient]:
    await everflow.put_world(WORLD)
    headers = {"x-eflow-api-key": NETWORK_KEY}
    async with httpx.AsyncClient(base_url=everflow.url, headers=headers, trust_env=False, timeout=10) as client:
        yield client


async def _rows(api: httpx.AsyncClient, **change: Any) -> list[tuple[list[tuple[str, str, str]], dict[str, Any]]]:
    answer = await api.post(TABLE, json={**BODY, **change})
    assert answer.status_code == 200, answer.text
    return sorted(
        ([(cell["column_type"], cell["id"], cell["label"]) for cell in row["columns"]], row["reporting"])
        for row in answer.json()["table"]
    )


async def test_a_day_has_the_hours_of_the_asked_zone_also_when_the_clock_changes(api: httpx.AsyncClient) -> None:
    assert [(cells, figures["total_click"]) for cells, figures in await _rows(api)] == [
        ([("affiliate", "1", "One")], 30),
        ([("affiliate", "2", "Two")], 10),
    ]
    utc = await _rows(api, timezone_id=67)
    assert [figures["total_click"] for _, figures in utc] == [1020, 10]


async def test_a_report_groups_by_every_asked_column_in_their_order_and_ids_are_texts(api: httpx.AsyncClient) -> None:
    rows = await _rows(api, columns=[{"column": name} for name in ("offer_url", "offer", "date")])
    midnight = str(1_774_738_800)
    assert [cells for cells, _ in rows] == [
        [("offer_url", "0", "Default"), ("offer", "1", "Sale"), ("date", midnight, midnight)],
        [("offer_url", "0", "Default"), ("offer", "2", "Other"), ("date", midnight, midnight)],
        [("offer_url", "7", "Same name"), ("offer", "1", "Sale"), ("date", midnight, midnight)],
        [("offer_url", "8", "Same name"), ("offer", "1", "Sale"), ("date", midnight, midnight)],
    ]


async def test_the_base_destination_may_have_another_label(api: httpx.AsyncClient, everflow: EverflowControl) -> None:
    await everflow.put_world(WORLD.model_copy(update={"base_label": "N/A"}))
    rows = await _rows(api, columns=[{"column": "offer_url"}])
    assert rows[0][0] == [("offer_url", "0", "N/A")]


async def test_money_is_converted_at_a_fixed_rate_with_four_decimals(api: httpx.AsyncClient) -> None:
    euros, dollars = await _rows(api), await _rows(api, currency_id="USD")
    assert [figures["revenue"] for _, figures in euros] == [37.0368, -1]
    assert [figures["revenue"] for _, figures in dollars] == [40.7405, -1.1]


async def test_the_metrics_agree_with_each_other(api: httpx.AsyncClient) -> None:
    figures = (await _rows(api))[0][1]
    assert figures["total_click"] == figures["unique_click"] + figures["duplicate_click"]
    assert figures["gross_click"] == figures["total_click"] + figures["invalid_click"]
    assert (figures["cv"], figures["cvr"]) == (6, 20)


async def test_the_totals_and_the_older_endpoint_tell_the_same(api: httpx.AsyncClient) -> None:
    rows = await _rows(api)
    summary = (await api.post("/v1/networks/reporting/entity/summary", json=BODY)).json()
    entity = (await api.post("/v1/networks/reporting/entity", json=BODY)).json()
    assert summary == entity["summary"]
    assert summary["total_click"] == sum(figures["total_click"] for _, figures in rows)
    assert len(entity["table"]) == len(rows)
    assert sum(hour["reporting"]["total_click"] for hour in entity["performance"]) == summary["total_click"]


@pytest.mark.parametrize(
    ("kinds", "partners"),
    [
        ([("affiliate", "1")], ["1"]),
        ([("affiliate", "1"), ("affiliate", "2")], ["1", "2"]),
        ([("affiliate", "1"), ("offer", "2")], []),
        ([("affiliate", "1"), ("offer", "1"), ("offer_url", "7")], ["1"]),
    ],
)
async def test_filters_of_one_kind_widen_and_of_two_kinds_narrow(
    api: httpx.AsyncClient, kinds: list[tuple[str, str]], partners: list[str]
) -> None:
    filters = [{"resource_type": kind, "filter_id_value": value} for kind, value in kinds]
    assert [cells[0][1] for cells, _ in await _rows(api, query={"filters": filters})] == partners


async def test_what_the_real_api_forgets_is_forgotten(api: httpx.AsyncClient) -> None:
    plain = await _rows(api)
    assert await _rows(api, query={"filters": [{"advertiser_id": 1}]}) == plain
    assert await _rows(api, columns=[{"column": "affiliate", "label": "x"}, {"column": "event"}]) == plain
    assert await _rows(api, usm_columns=[], search_terms=[]) == plain


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"timezone_id": None}, "Internal error"),
        ({"timezone_id": 100}, "Internal error"),
        ({"timezone_id": "55"}, "Internal error"),
        ({"currency_id": None}, "Internal error"),
        ({"currency_id": "XXX"}, "Internal error"),
        ({"columns": []}, "at least 1"),
        ({"columns": ["affiliate"]}, "array of objects"),
        ({"columns": [{"column": "landing_page"}]}, "landing_page"),
        ({"columns": [{"column": f"sub{n}"} for n in range(1, 12)]}, "at most 10"),
        ({"columns": [{"column": "date"}, {"column": "hour"}]}, "one time column"),
        ({"query": {"filters": [{"resource_type": "offer", "filter_id_value": 8}]}}, "expected string"),
        ({"from": "2025-03-27"}, "367"),
        ({"from": "2026-03-30"}, "367"),
        ({"from": "yesterday"}, "from"),
    ],
)
async def test_a_wrong_request_is_refused_with_a_capital_error(
    api: httpx.AsyncClient, change: dict[str, Any], said: str
) -> None:
    answer = await api.post(TABLE, json={**BODY, **change})
    assert answer.status_code == 400
    assert said in answer.json()["Error"]


async def test_keys_are_checked(api: httpx.AsyncClient) -> None:
    wrong = await api.post(TABLE, json=BODY, headers={"x-eflow-api-key": "other"})
    assert (wrong.status_code, wrong.json()) == (401, {"Error": "No Authentication Method Found"})
    affiliate = await api.post(TABLE, json=BODY, headers={"x-eflow-api-key": AFFILIATE_KEY})
    assert (affiliate.status_code, affiliate.json()) == (403, {"Error": "Out of realm"})
    assert (await api.get("/v1/networks/nothing")).status_code == 404


async def test_the_table_is_cut_at_the_limit_and_says_so(api: httpx.AsyncClient, everflow: EverflowControl) -> None:
    assert (await api.post(TABLE, json=BODY)).json()["incomplete_results"] is False
    await everflow.set_limits(CallLimits(rows=1))
    cut = (await api.post(TABLE, json=BODY)).json()
    assert (len(cut["table"]), cut["incomplete_results"]) == (1, True)


async def test_the_rate_limit_counts_down_and_then_refuses(api: httpx.AsyncClient, everflow: EverflowControl) -> None:
    await everflow.set_limits(CallLimits(calls=2, window_s=60, retry_after=True))
    answers = [await api.get("/v1/networks") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert [one.headers["x-ratelimit-remaining"] for one in answers] == ["1", "0", "0"]
    assert {one.headers["x-ratelimit-limit"] for one in answers} == {"2"}
    assert 50 < int(answers[2].headers["retry-after"]) <= 60
    await everflow.set_limits(CallLimits(calls=2, window_s=60))
    assert "retry-after" not in (await api.get("/v1/networks")).headers


async def test_the_eleventh_report_at_once_is_refused(api: httpx.AsyncClient, everflow: EverflowControl) -> None:
    await everflow.add_fault(Slow(path=TABLE, seconds=0.5))
    answers = await asyncio.gather(*(api.post(TABLE, json=BODY) for _ in range(11)))
    assert sorted(one.status_code for one in answers) == [200] * 10 + [429]


async def test_lists_are_paged_and_filtered(api: httpx.AsyncClient, everflow: EverflowControl) -> None:
    first = (await api.get("/v1/networks/affiliates", params={"page_size": 2})).json()
    second = (await api.get("/v1/networks/affiliates", params={"page": 2, "page_size": 2})).json()
    assert [one["name"] for one in first["affiliates"] + second["affiliates"]] == ["One", "Two", "Idle"]
    assert second["paging"] == {"page": 2, "page_size": 2, "total_count": 3}
    inactive = (await api.post("/v1/networks/affiliatestable", json={"filters": {"account_status": "inactive"}})).json()
    assert [one["network_affiliate_id"] for one in inactive["affiliates"]] == [2]
    named = (await api.post("/v1/networks/affiliatestable", json={"search_terms": [{"value": "idl"}]})).json()
    assert [one["network_affiliate_id"] for one in named["affiliates"]] == [3]
    assert (await api.get("/v1/networks/offers/2")).json()["offer_status"] == "paused"
    assert (await api.get("/v1/networks/affiliates/9")).status_code == 404
    urls = (await api.get("/v1/networks/offerurls")).json()
    assert [one["network_offer_url_id"] for one in urls["urls"]] == [7, 8]
    assert (await api.post("/v1/networks/offerstable", json={})).json()["paging"]["page_size"] == 50
    conversions = (await api.post("/v1/networks/reporting/conversions?page_size=3", json=BODY)).json()
    assert (len(conversions["conversions"]), conversions["paging"]["total_count"]) == (3, 8)


async def test_zones_are_listed_with_the_numbers_of_the_real_api(api: httpx.AsyncClient) -> None:
    listed = (await api.get("/v1/meta/timezones")).json()["timezones"]
    numbers = {one["timezone"]: one["timezone_id"] for one in listed}
    assert len(numbers) == len(ZONES) == 99
    assert (numbers["Europe/Amsterdam"], numbers["UTC"], numbers["America/New_York"]) == (55, 67, 80)
    assert {one["currency_id"] for one in (await api.get("/v1/meta/currencies")).json()["currencies"]} >= {"EUR", "USD"}


async def test_a_fault_spares_happens_so_often_and_is_counted(
    api: httpx.AsyncClient, everflow: EverflowControl
) -> None:
    await everflow.add_fault(StatusFault(path=TABLE, code=503, after=1, times=2, spelling="error"))
    answers = [await api.post(TABLE, json=BODY) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 503, 503, 200]
    assert answers[1].json() == {"error": "refused on demand"}
    assert [one["applied"] for one in await everflow.faults()] == [2]
    assert [(call.status, call.faults) for call in await everflow.calls()][:2] == [(200, ()), (503, ("status",))]


async def test_a_wrong_fault_is_refused_with_the_reason(everflow: EverflowControl) -> None:
    with pytest.raises(InvalidInput, match="code"):
        await everflow.add_fault(StatusFault.model_construct(code=200))


async def test_the_facts_survive_a_restart(tmp_path: Path) -> None:
    first = await everflow_server.start(tmp_path)
    async with EverflowControl(first.http) as control:
        await control.put_world(WORLD)
    await first.stop()
    again = await everflow_server.start(tmp_path)
    async with EverflowControl(again.http) as control:
        assert await control.world() == WORLD
    await again.stop()
