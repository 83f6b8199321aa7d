"""The charts of what reminders achieve: answers by local hour and weekday, and the lift (SPEC R7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from relance.domain.channels.messages import Attachment
from relance.domain.invitations.effectiveness import ReminderEffect, Slice, breakdown
from relance.domain.invitations.invitation import MailKind
from relance.domain.invitations.proportions import Proportion, wilson
from relance.rendering.columns import Column, ColumnChart, draw_columns
from relance.wording.reports.languages import REPORT_WORDS
from relance.wording.reports.words import ReportWords


def reminder_charts(effects: Mapping[MailKind, ReminderEffect], language: str) -> list[Attachment]:
    """Return the charts as PNG; takes some milliseconds of processor time, so not on the event loop."""
    words = REPORT_WORDS[language]
    files = {}
    for kind, effect in effects.items():
        said = words.reminders
        for name, title, rows, labels in (
            ("hour", said.by_hour, breakdown(effect.by_hour), [f"{hour}" for hour in range(24)]),
            ("weekday", said.by_weekday, breakdown(effect.by_weekday), words.figures.weekdays()),
        ):
            columns = [
                _column(_name(row, labels, words), row.tally.answers, words) for row in rows if row.tally.watched
            ]
            if columns:
                chart = ColumnChart(title.format(kind=said.kinds[kind]), said.note, columns)
                files[f"reminders-{kind}-{name}.png"] = draw_columns(chart)
    if lifts := _lifts(effects, words):
        files["reminders-lift.png"] = draw_columns(ColumnChart(words.reminders.lift, words.reminders.note, lifts))
    return [Attachment(name, "image/png", content) for name, content in files.items()]


def _lifts(effects: Mapping[MailKind, ReminderEffect], words: ReportWords) -> list[Column]:
    said = words.reminders
    found = [(said.kinds[kind], effect.lift) for kind, effect in effects.items()]
    return [
        column
        for kind, lift in found
        if lift is not None
        for column in (
            _column(f"{kind}\n{said.reminded}", lift.reminded, words, marked=True),
            _column(f"{kind}\n{said.held_out}", lift.held_out, words),
        )
    ]


def _name(row: Slice, labels: Sequence[str], words: ReportWords) -> str:
    return words.reminders.rest if row.key is None else labels[row.key]


def _column(label: str, share: Proportion, words: ReportWords, *, marked: bool = False) -> Column:
    interval, rate = wilson(share), share.rate or 0.0
    return Column(
        label=label,
        value=rate,
        text=words.figures.percent(Decimal(str(round(rate * 100, 1)))),
        below=words.figures.in_short(share.of),
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        marked=marked,
    )
