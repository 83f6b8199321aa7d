from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.reports.rules import (
    DefaultLpPolicy,
    PausedPartnerPolicy,
    default_lp,
    default_lp_window,
    paused_partner,
    paused_partner_windows,
)
from relance.domain.reports.table import Cell, Clicks, ReportColumn, ReportRow
from relance.domain.zones import Window, window_of

AMSTERDAM = "Europe/Amsterdam"
LP, PARTNER = DefaultLpPolicy(), PausedPartnerPolicy()


def page(
    label: str = "Default",
    clicks: int = 63,
    *,
    url: str = "0",
    offer: str = "8",
    partner: str = "376",
    unique: int | None = None,
) -> ReportRow:
    columns = {
        ReportColumn.OFFER_URL: Cell(url, label),
        ReportColumn.AFFILIATE: Cell(partner, "Partner Alpha"),
        ReportColumn.OFFER: Cell(offer, "Summer Sale NL"),
    }
    return ReportRow(columns, clicks, clicks if unique is None else unique, Decimal(0))


def partner(revenue: str, partner_id: str = "376", label: str = "Partner Alpha") -> ReportRow:
    return ReportRow({ReportColumn.AFFILIATE: Cell(partner_id, label)}, 1, 1, Decimal(revenue))


def days(window: Window) -> tuple[date, date]:
    return window.first_day, window.last_day


def hours(window: Window) -> float:
    return (window.end - window.start) / timedelta(hours=1)


@pytest.mark.parametrize(("clicks", "fires"), [(0, False), (49, False), (50, False), (51, True), (63, True)])
def test_a_default_page_fires_above_fifty_clicks(clicks: int, fires: bool) -> None:
    assert bool(default_lp([page(clicks=clicks)], LP)) is fires


@pytest.mark.parametrize(
    ("label", "fires"),
    [
        ("Default", True),
        ("DEFAULT", True),
        ("Default LP - NL v1", True),
        ("the default page", True),
        ("Summer LP A", False),
        ("N/A", False),
        ("", False),
        ("Defau1t", False),
    ],
)
def test_the_label_decides_in_any_case(label: str, fires: bool) -> None:
    assert bool(default_lp([page(label)], LP)) is fires


def test_the_base_page_counts_by_its_id_only_if_asked_for() -> None:
    rows = [page("N/A", url="0"), page("N/A", url="10")]
    assert default_lp(rows, LP) == []
    assert [found.subject for found in default_lp(rows, DefaultLpPolicy(base_url=True))] == ["0.8.376"]


def test_the_clicks_that_count_can_be_the_unique_ones() -> None:
    row = page(clicks=80, unique=50)
    assert [found.value for found in default_lp([row], LP)] == [80]
    assert default_lp([row], DefaultLpPolicy(metric=Clicks.UNIQUE)) == []


def test_the_threshold_and_the_text_can_be_changed() -> None:
    policy = DefaultLpPolicy(text="fallback", clicks=9)
    found = default_lp([page("Fallback 1", 10), page("Fallback 2", 9), page("Default", 99)], policy)
    assert [(one.labels["landing_page"], one.labels["match"], one.threshold) for one in found] == [
        ("Fallback 1", "fallback", Decimal(9))
    ]


def test_each_page_offer_and_partner_is_a_finding_of_its_own_the_busiest_first() -> None:
    rows = [page(clicks=51), page(clicks=70, partner="154"), page(clicks=60, offer="20"), page(clicks=60, url="7")]
    assert [found.subject for found in default_lp(rows, LP)] == ["0.8.154", "0.20.376", "7.8.376", "0.8.376"]


def test_a_finding_names_offer_partner_and_page() -> None:
    [found] = default_lp([page()], LP)
    assert dict(found.labels) == {
        "landing_page": "Default",
        "offer": "Summer Sale NL",
        "partner": "Partner Alpha",
        "match": "Default",
    }


def test_no_rows_are_no_findings() -> None:
    assert default_lp([], LP) == []
    assert paused_partner([], [], PARTNER) == []


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(ValueError, match="every landing page"):
        DefaultLpPolicy(text="")


@pytest.mark.parametrize(
    ("before", "now", "fires"),
    [
        ("1000", "500", False),  # 50.0 %
        ("1000", "499", True),  # 50.1 %
        ("1000", "501", False),  # 49.9 %
        ("1000", "499.99999999999999999999", True),
        ("1000", "500.00000000000000000001", False),
        ("100", "49.99", True),
        ("100.00", "50.00", False),
        ("99.99", "0", False),
        ("99.99", "-500", False),
        ("1000", "0", True),
        ("1000", "-20", True),
        ("1000", "3000", False),
        ("-1000", "-3000", False),
        ("0", "0", False),
    ],
)
def test_a_partner_fires_from_a_baseline_of_100_and_a_drop_above_50_percent(before: str, now: str, fires: bool) -> None:
    assert bool(paused_partner([partner(before)], [partner(now)], PARTNER)) is fires


def test_a_partner_without_a_current_row_has_revenue_zero() -> None:
    [found] = paused_partner([partner("250")], [], PARTNER)
    assert (found.subject, found.value, found.baseline, found.current) == (
        "376",
        Decimal(100),
        Decimal(250),
        Decimal(0),
    )


def test_a_partner_without_a_previous_row_is_not_looked_at() -> None:
    assert paused_partner([], [partner("-900")], PARTNER) == []


def test_negative_revenue_makes_the_drop_more_than_everything() -> None:
    [found] = paused_partner([partner("200")], [partner("-50")], PARTNER)
    assert (found.value, found.current) == (Decimal(125), Decimal(-50))


def test_a_renamed_partner_keeps_matching_and_is_shown_by_its_new_name() -> None:
    before = [partner("1000", "7", "Alpha BV"), partner("1000", "8", "Beta")]
    now = [partner("10", "7", "Alpha Media"), partner("900", "8", "Alpha BV")]
    assert [(one.subject, one.labels["partner"]) for one in paused_partner(before, now, PARTNER)] == [
        ("7", "Alpha Media")
    ]


def test_rows_per_offer_add_up_to_the_partner() -> None:
    before = [partner("60"), partner("60")]
    assert paused_partner(before, [partner("30"), partner("30")], PARTNER) == []
    assert len(paused_partner(before, [partner("30"), partner("29")], PARTNER)) == 1


def test_partners_come_with_the_largest_drop_first() -> None:
    before = [partner("1000", one) for one in ("1", "2", "3")]
    now = [partner("100", "1"), partner("400", "3")]
    assert [found.subject for found in paused_partner(before, now, PARTNER)] == ["2", "1", "3"]


def test_baseline_and_drop_can_be_changed_but_not_to_nothing() -> None:
    policy = PausedPartnerPolicy(baseline=Decimal(10), drop=Decimal(80))
    assert paused_partner([partner("10")], [partner("2")], policy) == []
    assert len(paused_partner([partner("10")], [partner("1.99")], policy)) == 1
    with pytest.raises(ValueError, match="baseline"):
        PausedPartnerPolicy(baseline=Decimal(0))


money = st.decimals(-5000, 5000, places=4)


@given(st.dictionaries(st.integers(1, 30), st.tuples(money, st.one_of(st.none(), money))))
def test_whoever_lost_more_than_half_of_enough_is_found_and_nobody_else(
    partners: dict[int, tuple[Decimal, Decimal | None]],
) -> None:
    before = [partner(str(old), str(key)) for key, (old, _) in partners.items()]
    now = [partner(str(new), str(key)) for key, (_, new) in partners.items() if new is not None]
    expected = {str(key) for key, (old, new) in partners.items() if old >= 100 and 2 * (new or 0) < old}
    found = paused_partner(before, now, PARTNER)
    assert {one.subject for one in found} == expected
    assert all(one.value > 50 for one in found)


@pytest.mark.parametrize(
    ("nominal", "day", "length"),
    [
        (datetime(2026, 3, 11, 8, 0, tzinfo=UTC), date(2026, 3, 10), 24),
        (datetime(2026, 3, 30, 7, 0, tzinfo=UTC), date(2026, 3, 29), 23),
        (datetime(2026, 10, 26, 8, 0, tzinfo=UTC), date(2026, 10, 25), 25),
        (datetime(2026, 3, 10, 23, 30, tzinfo=UTC), date(2026, 3, 10), 24),
        (datetime(2026, 3, 10, 22, 59, tzinfo=UTC), date(2026, 3, 9), 24),
        (datetime(2027, 1, 1, 8, 0, tzinfo=UTC), date(2026, 12, 31), 24),
    ],
)
def test_default_lp_looks_at_the_whole_local_day_before(nominal: datetime, day: date, length: int) -> None:
    window = default_lp_window(nominal, AMSTERDAM)
    assert (days(window), hours(window), window.zone) == ((day, day), length, AMSTERDAM)


def test_a_window_is_the_same_instants_in_utc() -> None:
    window = default_lp_window(datetime(2026, 3, 30, 7, 0, tzinfo=UTC), AMSTERDAM)
    assert window.start == datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    assert window.end == datetime(2026, 3, 29, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("nominal", "current", "previous", "lengths"),
    [
        ("2026-03-11T07:00", ("2026-03-08", "2026-03-10"), ("2026-03-01", "2026-03-03"), (72, 72)),
        ("2026-03-30T06:00", ("2026-03-27", "2026-03-29"), ("2026-03-20", "2026-03-22"), (71, 72)),
        ("2026-04-06T06:00", ("2026-04-03", "2026-04-05"), ("2026-03-27", "2026-03-29"), (72, 71)),
        ("2026-10-26T07:00", ("2026-10-23", "2026-10-25"), ("2026-10-16", "2026-10-18"), (73, 72)),
        ("2026-11-02T07:00", ("2026-10-30", "2026-11-01"), ("2026-10-23", "2026-10-25"), (72, 73)),
    ],
)
def test_paused_partner_compares_three_days_with_the_same_ones_a_week_earlier(
    nominal: str, current: tuple[str, str], previous: tuple[str, str], lengths: tuple[int, int]
) -> None:
    windows = paused_partner_windows(datetime.fromisoformat(nominal).replace(tzinfo=UTC), AMSTERDAM)
    assert days(windows.current) == tuple(date.fromisoformat(day) for day in current)
    assert days(windows.previous) == tuple(date.fromisoformat(day) for day in previous)
    assert (hours(windows.current), hours(windows.previous)) == lengths


@given(st.integers(0, 6 * 365 * 24 * 60), st.sampled_from([AMSTERDAM, "UTC", "Pacific/Apia", "America/New_York"]))
def test_windows_end_before_the_nominal_day_and_fall_on_the_same_weekdays(minutes: int, zone: str) -> None:
    nominal = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    previous, current = paused_partner_windows(nominal, zone)
    assert current.end <= nominal < current.end + timedelta(hours=25)
    assert default_lp_window(nominal, zone).end == current.end
    assert [day.weekday() for day in days(previous)] == [day.weekday() for day in days(current)]
    assert current.last_day - current.first_day == previous.last_day - previous.first_day == timedelta(days=2)
    assert current.first_day - previous.first_day == timedelta(days=7)


def test_a_window_is_stored_as_text_days_and_read_back() -> None:
    window = window_of(date(2026, 3, 8), date(2026, 3, 10), AMSTERDAM)
    raw = window.model_dump(by_alias=True)
    assert (raw["firstDay"], raw["lastDay"]) == ("2026-03-08", "2026-03-10")
    assert Window.model_validate(raw) == window
    with pytest.raises(ValueError, match="before it begins"):
        window_of(date(2026, 3, 8), date(2026, 3, 7), AMSTERDAM)
