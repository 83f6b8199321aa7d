"""The sample network makes each check fire once: through the real client and the real rules."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pydantic import SecretStr

from relance.adapters.everflow.reports import EverflowReports
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow.gate import NETWORK_KEY
from relance.devstack.everflow.samples import DEFAULT_PAGE, DEFAULT_PAGE_CLICKS, PAUSED_PARTNER, sample_world
from relance.domain.reports.rules import (
    DEFAULT_LP_COLUMNS,
    PAUSED_PARTNER_COLUMNS,
    DefaultLpPolicy,
    PausedPartnerPolicy,
    default_lp,
    paused_partner,
)
from relance.domain.reports.table import ReportRequest
from relance.settings.everflow import Everflow

# An ordinary week, both clock changes inside a window, and a year's end.
MORNINGS = [date(2026, 11, 4), date(2026, 3, 30), date(2026, 10, 26), date(2027, 1, 2)]


def _before(on: date, first: int, last: int) -> tuple[date, date]:
    return on - timedelta(days=first), on - timedelta(days=last)


@pytest.mark.parametrize("morning", MORNINGS, ids=str)
async def test_each_check_finds_one_thing_that_morning_and_nothing_on_the_two_weeks_before(
    everflow: EverflowControl, morning: date
) -> None:
    await everflow.put_world(sample_world(morning))
    pages: dict[date, list[str]] = {}
    partners: dict[date, list[str]] = {}
    async with EverflowReports(Everflow(base_url=everflow.url, api_key=SecretStr(NETWORK_KEY))) as reports:
        for back in range(15):
            on = morning - timedelta(days=back)
            day = await reports.rows(ReportRequest(*_before(on, 1, 1), DEFAULT_LP_COLUMNS))
            now = await reports.rows(ReportRequest(*_before(on, 3, 1), PAUSED_PARTNER_COLUMNS))
            then = await reports.rows(ReportRequest(*_before(on, 10, 8), PAUSED_PARTNER_COLUMNS))
            pages[on] = [f"{one.subject} {one.value}" for one in default_lp(day.rows, DefaultLpPolicy())]
            found = paused_partner(then.rows, now.rows, PausedPartnerPolicy())
            partners[on] = [f"{one.subject} {one.value}" for one in found]
    offer, partner, url = DEFAULT_PAGE
    assert pages.pop(morning) == [f"{url}.{offer}.{partner} {DEFAULT_PAGE_CLICKS}"]
    assert partners.pop(morning) == [f"{PAUSED_PARTNER} 100"]
    assert not any(pages.values())
    assert not any(partners.values())


def test_the_same_arguments_give_the_same_network_and_other_seeds_another() -> None:
    morning = MORNINGS[0]
    assert sample_world(morning) == sample_world(morning)
    assert sample_world(morning) != sample_world(morning, seed=8)
