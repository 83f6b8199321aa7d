from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from relance.domain.alerts.model import AlertRecord, Evidence, Rule
from relance.domain.zones import window_of
from relance.rendering import alert_charts
from relance.rendering.alert_charts import AlertCharts
from relance.rendering.charts import HEAD, MARGIN, ROW, Chart, draw
from tests.support.alerts import an_alert
from tests.support.fakes import FakeAttachments

LATER = window_of(date(2026, 3, 8), date(2026, 3, 10), "Europe/Amsterdam")
EARLIER = window_of(date(2026, 3, 1), date(2026, 3, 3), "Europe/Amsterdam")


def a_fall(partner: str = "Partner Alpha", drop: str = "91.9", **changed: Any) -> AlertRecord:
    evidence: dict[str, Any] = {
        "value": Decimal(drop),
        "threshold": Decimal(50),
        "baseline": Decimal("1234.5"),
        "current": Decimal(100),
        "currency": "EUR",
        "window": LATER,
        "baseline_window": EARLIER,
    }
    return an_alert(
        rule=Rule.PAUSED_PARTNER,
        group=Rule.PAUSED_PARTNER,
        subject="376",
        labels={"partner": partner},
        evidence=Evidence(**{**evidence, **changed}),
    )


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Chart]:
    """What is drawn, before it becomes pixels."""
    charts: list[Chart] = []

    async def noted(chart: Chart) -> bytes:
        charts.append(chart)
        return draw(chart)

    monkeypatch.setattr(alert_charts, "png", noted)
    return charts


def nowhere(_key: str, _filename: str) -> None:
    return None


def everywhere(key: str, filename: str) -> str:
    return f"https://desk.example/{key}/{filename}"


async def test_partners_that_fell_are_drawn_worst_first_as_people_write_it(drawn: list[Chart]) -> None:
    alerts = [a_fall("Partner\n\u202eBeta", "60.1"), a_fall(current=Decimal("-0.5"), drop="100.04")]
    (one,) = await AlertCharts(FakeAttachments(), nowhere).attachments(alerts, "k", "en")
    assert (one.filename, one.content_type, one.url) == ("paused-partner.png", "image/png", None)
    (chart,) = drawn
    assert (chart.title, chart.earlier_name, chart.later_name) == (
        "Revenue by partner",
        "1–3\u00a0March 2026",
        "8–10\u00a0March 2026",
    )
    assert [(pair.label, pair.earlier_text, pair.later_text) for pair in chart.pairs] == [
        ("Partner Alpha", "EUR\u00a01,234.50", "EUR\u00a0−0.50"),
        ("Partner Beta", "EUR\u00a01,234.50", "EUR\u00a0100.00"),
    ]
    assert [(pair.earlier, pair.later) for pair in chart.pairs] == [
        (Decimal("1234.5"), Decimal("-0.5")),
        (Decimal("1234.5"), Decimal(100)),
    ]
    assert Image.open(BytesIO(one.content)).height == HEAD + 2 * ROW + MARGIN


async def test_a_name_that_cannot_be_drawn_is_told_apart_by_its_id(drawn: list[Chart]) -> None:
    alerts = [a_fall("株式会社", "99"), a_fall("Łódź 株", "98"), a_fall("Gamma 🚀 & Söhne", "97")]
    await AlertCharts(FakeAttachments(), nowhere).attachments(alerts, "k", "en")
    assert [pair.label for pair in drawn[0].pairs] == ["#376", "Łódź #376", "Gamma & Söhne"]


async def test_a_chart_speaks_the_language_of_its_message(drawn: list[Chart]) -> None:
    window = window_of(date(2026, 2, 27), date(2026, 3, 1), "Europe/Amsterdam")
    await AlertCharts(FakeAttachments(), nowhere).attachments([a_fall(window=window)], "k", "fr")
    (chart,) = drawn
    assert chart.title == "Revenu par partenaire"
    assert (chart.earlier_name, chart.later_name) == (
        "1er–3\u00a0mars 2026",
        "27\u00a0février – 1er\u00a0mars 2026",
    )
    assert chart.pairs[0].earlier_text == "1\u202f234,50\u00a0€"


async def test_more_partners_than_fit_are_said_to_be_more(drawn: list[Chart]) -> None:
    alerts = [a_fall(f"Partner {number}", str(50 + number)) for number in range(1, 31)]
    await AlertCharts(FakeAttachments(), nowhere).attachments(alerts, "k", "en")
    await AlertCharts(FakeAttachments(), nowhere).attachments(alerts, "k", "fr")
    english, french = drawn
    assert english.title == "Revenue by partner: the 12 largest drops of 30"
    assert french.title == "Revenu\u00a0: les 12 plus fortes baisses sur 30"
    assert [pair.label for pair in english.pairs[:2]] == ["Partner 30", "Partner 29"]


async def test_an_alert_about_older_days_is_not_drawn_next_to_newer_ones(drawn: list[Chart]) -> None:
    older = a_fall("Old", "99", window=EARLIER, baseline_window=window_of(date(2026, 2, 22), date(2026, 2, 24), "UTC"))
    await AlertCharts(FakeAttachments(), nowhere).attachments([older, a_fall("New")], "k", "en")
    assert [pair.label for pair in drawn[0].pairs] == ["New"]


@pytest.mark.parametrize("missing", ["value", "baseline", "current", "currency", "window", "baseline_window"])
async def test_what_has_nothing_to_compare_has_no_chart(missing: str) -> None:
    charts = AlertCharts(FakeAttachments(), everywhere)
    nothing: dict[str, Any] = {missing: None}
    assert await charts.attachments([a_fall(**nothing)], "k", "en") == ()
    assert await charts.attachments([an_alert()], "k", "en") == ()
    assert await charts.attachments([], "k", "en") == ()


async def test_a_chart_with_a_link_can_be_seen_before_the_link_is_told() -> None:
    stored = FakeAttachments()
    (one,) = await AlertCharts(stored, everywhere).attachments([a_fall()], "alert/paused-partner/1", "en")
    assert one.url == "https://desk.example/alert/paused-partner/1/paused-partner.png"
    assert stored.files["alert/paused-partner/1", "paused-partner.png"].content == one.content


async def test_without_a_link_nothing_is_stored() -> None:
    stored = FakeAttachments()
    await AlertCharts(stored, nowhere).attachments([a_fall()], "k", "en")
    assert stored.files == {}
