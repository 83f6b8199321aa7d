"""The charts of a cycle's report: who was not sent to and why, next to the month before, and the months (SPEC C13)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

from relance.contracts.cycle import CycleStatistics
from relance.domain.channels.messages import Attachment
from relance.domain.cycle.report import FAILED, RATE, SKIPPED, CycleFigures
from relance.ports import Attachments
from relance.rendering.charts import MOST_BARS, Chart, Pair, draw
from relance.rendering.columns import Column, ColumnChart, draw_columns
from relance.wording.reports.cycle import label
from relance.wording.reports.languages import REPORT_WORDS
from relance.wording.reports.words import ReportWords

NOT_SENT_FILE, MONTHS_FILE = "cycle-not-sent.png", "cycle-months.png"
MONTHS = 12

AddressOf: TypeAlias = Callable[[str, str], str | None]
"""Returns where people can see the file of a message, by its key and file name; None if nowhere."""


@dataclass(frozen=True, slots=True)
class CycleCharts:
    """`ports.CycleIllustrator`: draws the charts and, where they can be seen by a link, stores them."""

    shown: Attachments
    address_of: AddressOf

    async def attachments(
        self, report: CycleFigures, months: Sequence[CycleStatistics], key: str, language: str
    ) -> tuple[Attachment, ...]:
        """Return the charts of the message `key`; stored before their links are sent.

        Raises:
            DependencyUnavailable: the store cannot be reached.
        """
        drawn = await asyncio.to_thread(cycle_charts, report, months, language)
        files = [replace(file, url=self.address_of(key, file.filename)) for file in drawn]
        if linked := [file for file in files if file.url is not None]:
            await self.shown.store(key, linked)
        return tuple(files)


def cycle_charts(report: CycleFigures, months: Sequence[CycleStatistics], language: str) -> list[Attachment]:
    """Return the charts as PNG; takes some milliseconds of processor time, so not on the event loop."""
    words = REPORT_WORDS[language]
    files = {MONTHS_FILE: draw_columns(_months(months, report.period, words))}
    if not_sent := _not_sent(report, words):
        files[NOT_SENT_FILE] = draw(not_sent)
    return [Attachment(name, "image/png", content) for name, content in files.items()]


def _not_sent(report: CycleFigures, words: ReportWords) -> Chart | None:
    pairs = []
    for change in report.changes:
        named = change.figure.startswith((SKIPPED, FAILED)) or change.figure in {"uncertain", "cancelled"}
        if named and (change.now or change.before):
            now, before = Decimal(int(change.now)), Decimal(int(change.before or 0))
            texts = ("–" if change.before is None else words.figures.whole(before), words.figures.whole(now))
            pairs.append(Pair(label(change.figure, words.cycle), before, now, *texts))
    if not pairs:
        return None
    largest = sorted(pairs, key=lambda pair: -max(pair.earlier, pair.later))[:MOST_BARS]
    return Chart(words.cycle.chart_not_sent, report.before_period, report.period, largest)


def _months(months: Sequence[CycleStatistics], current: str, words: ReportWords) -> ColumnChart:
    columns = [
        Column(
            label=month.period,
            value=month.sent,
            text=words.figures.whole(month.sent),
            below=f"{words.figures.whole(round(month.figures[RATE]))}/s" if RATE in month.figures else "",
            marked=month.period == current,
        )
        for month in months[-MONTHS:]
    ]
    return ColumnChart(words.cycle.chart_months, "", columns)
