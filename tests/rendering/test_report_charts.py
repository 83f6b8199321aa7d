"""Which charts a report has, and that drawing them leaves the loop free (SPEC C13, C15, R7)."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from relance.contracts.cycle import CycleStatistics
from relance.domain.channels.messages import Attachment
from relance.domain.cycle.report import CycleFigures
from relance.domain.invitations.effectiveness import Arm
from relance.domain.invitations.invitation import MailKind
from relance.rendering import cycle_charts as drawing
from relance.rendering.cycle_charts import MONTHS_FILE, NOT_SENT_FILE, CycleCharts, cycle_charts
from relance.rendering.reminder_charts import reminder_charts
from tests.support.fakes import FakeAttachments
from tests.support.reminder_groups import AT, a_group, whole

LANGUAGES = pytest.mark.parametrize("language", ["en", "fr"])


def month(period: str, sent: int) -> CycleStatistics:
    return CycleStatistics(
        period=period,
        eligible=sent,
        sent=sent,
        cancelled=0,
        skipped={},
        failed={},
        uncertain=0,
        open=0,
        balance=0,
        plans_open=0,
        figures={"per_second": 870.0},
    )


def report(**figures: float) -> CycleFigures:
    now = {"eligible": 10.0, "sent": 10.0, **{name.replace("__", "."): value for name, value in figures.items()}}
    return CycleFigures("2026-11", now, None, {}, unaccounted=0, open=0)


@LANGUAGES
def test_a_cycle_that_sent_everything_has_only_the_chart_of_the_months(language: str) -> None:
    [months] = cycle_charts(report(), [month("2026-11", 10)], language)
    assert (months.filename, months.content_type) == (MONTHS_FILE, "image/png")
    assert months.content.startswith(b"\x89PNG")


@LANGUAGES
def test_whoever_was_not_sent_to_has_a_chart_by_reason(language: str) -> None:
    found = cycle_charts(report(skipped__contact_opted_out=3, uncertain=1), [month("2026-11", 10)], language)
    assert {one.filename for one in found} == {MONTHS_FILE, NOT_SENT_FILE}


@LANGUAGES
def test_reminders_have_a_chart_per_type_and_breakdown_and_one_of_the_lift(language: str) -> None:
    groups = [a_group(20, at=AT + timedelta(hours=hour), submitted=hour % 5) for hour in range(24)]
    plain = reminder_charts(whole(groups), language)
    assert {one.filename for one in plain} == {"reminders-first-hour.png", "reminders-first-weekday.png"}
    held_out = a_group(20, arm=Arm.HELD_OUT)
    second = a_group(20, kind=MailKind.SECOND)
    assert len(reminder_charts(whole([*groups, held_out, second]), language)) == 5


def test_nothing_sent_and_windows_that_are_not_over_have_no_charts() -> None:
    assert reminder_charts({}, "en") == []
    assert reminder_charts(whole([a_group(20, watched=0)]), "en") == []
    assert reminder_charts(whole([a_group(4)]), "en") == []


async def test_charts_are_drawn_in_a_thread_and_stored_where_they_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []

    def noted(*_: object) -> list[Attachment]:
        threads.append(threading.get_ident())
        return [Attachment("a.png", "image/png", b"drawn")]

    monkeypatch.setattr(drawing, "cycle_charts", noted)
    shown, hidden = FakeAttachments(), FakeAttachments()
    [linked] = await CycleCharts(shown, lambda key, name: f"https://x/{key}/{name}").attachments(
        report(), [], "k", "en"
    )
    [unlinked] = await CycleCharts(hidden, lambda _key, _name: None).attachments(report(), [], "k", "en")
    assert threading.get_ident() not in threads
    assert (linked.url, unlinked.url) == ("https://x/k/a.png", None)
    assert (list(shown.files), list(hidden.files)) == ([("k", "a.png")], [])
