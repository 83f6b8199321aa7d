from __future__ import annotations

from typing import Any

import pytest

from relance.adapters.everflow import listings
from relance.adapters.everflow.listings import PARTNERS
from relance.errors import ReportUnusable

ALPHA = {"network_affiliate_id": 376, "account_status": "active", "today_revenue": "€0.00"}


def _page(*entries: Any, total: Any = 1, size: Any = 2000) -> dict[str, Any]:
    return {"affiliates": list(entries), "paging": {"page": 1, "page_size": size, "total_count": total}}


def test_a_page_gives_statuses_by_the_id_as_text() -> None:
    assert listings.statuses(_page(ALPHA), PARTNERS) == {"376": "active"}


@pytest.mark.parametrize(
    ("page", "size", "total", "last"),
    [(1, 50, 50, True), (1, 50, 51, False), (2, 50, 100, True), (2, "50", "101", False), (1, 0, 2000, True)],
)
def test_the_last_page_is_known_by_the_size_the_server_used(page: int, size: Any, total: Any, last: bool) -> None:
    assert listings.is_last(_page(ALPHA, total=total, size=size), PARTNERS, page) is last


def test_an_empty_page_ends_the_listing_however_many_are_promised() -> None:
    assert listings.is_last(_page(total=10_000), PARTNERS, 1)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        None,
        {"affiliates": {}},
        _page("376"),
        _page({"account_status": "active"}),
        _page({**ALPHA, "account_status": 1}),
    ],
)
def test_a_page_of_another_shape_is_refused(answer: Any) -> None:
    with pytest.raises(ReportUnusable):
        listings.statuses(answer, PARTNERS)


@pytest.mark.parametrize("answer", [{"affiliates": []}, [], _page(ALPHA, total=None), _page(ALPHA, size="many")])
def test_a_page_that_does_not_say_how_many_there_are_is_refused(answer: Any) -> None:
    with pytest.raises(ReportUnusable):
        listings.is_last(answer, PARTNERS, 1)
