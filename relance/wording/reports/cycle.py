"""From a cycle's report to the message people read (SPEC C13)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from relance.domain.channels.messages import Attachment, OutgoingMessage
from relance.domain.cycle.report import (
    FAILED,
    MEASURED,
    MEMORY,
    RATE,
    SENDING,
    SKIPPED,
    SUCCESS,
    CycleFigures,
    FigureChange,
)
from relance.domain.failures import Severity
from relance.domain.invitations.unsent import Nobody
from relance.domain.quarantine import listed
from relance.wording.alerts.figures import MINUS, NO_BREAK, Figures
from relance.wording.reports.languages import REPORT_WORDS
from relance.wording.reports.words import CycleWords, ReportWords

_IN_THE_SENTENCES = {"eligible", SENDING, RATE, "duration_s"}


def cycle_message(
    report: CycleFigures, *, key: str, at: datetime, language: str, attachments: tuple[Attachment, ...] = ()
) -> OutgoingMessage:
    """Return the message about how a cycle ended; `at` is in the zone whose clock people read."""
    words = REPORT_WORDS[language]
    title = words.cycle.title if report.is_well else words.cycle.title_lost
    if report.unaccounted or report.plans_open:
        title = words.cycle.title_unbalanced
    return OutgoingMessage(
        key=key,
        severity=_severity(report),
        title=title.format(period=report.period),
        text=" ".join(sentences(report, words)),
        at=at,
        language=language,
        rows=tuple(_row(change, words) for change in _shown(report)),
        attachments=attachments,
    )


def sentences(report: CycleFigures, words: ReportWords) -> list[str]:
    """Return what the figures mean."""
    said, figures, now = words.cycle, words.figures, report.now
    found = [figures.counted(said.sent, int(now["sent"]), eligible=figures.whole(int(now["eligible"])))]
    if report.nobody is not Nobody.NO:
        found.append(said.nobody)
    if SENDING in now:
        rate = _rounded(now[RATE])
        took = figures.form(said.took, rate)
        found.append(took.format(time=_seconds(now[SENDING], figures), rate=figures.plain(rate)))
    if report.open:
        found.append(figures.counted(said.open, report.open))
    if report.plans_open:
        found.append(figures.counted(said.plans_open, report.plans_open))
    if report.plans_unreadable:
        found.append(figures.counted(said.plans_unreadable, report.plans_unreadable))
    if unreadable := sum(report.documents_unreadable.values()):
        kinds = listed(report.documents_unreadable)
        found.append(figures.counted(said.documents_unreadable, unreadable, listed=kinds))
    if report.users_too_late:
        found.append(figures.counted(said.users_too_late, report.users_too_late))
    if report.unaccounted:
        found.append(figures.counted(said.unbalanced, abs(report.unaccounted)))
    elif not (report.open or report.plans_open):
        found.append(said.balanced)
    if report.before_period is None:
        found.append(said.first)
    elif report.large:
        found.append(figures.counted(said.changed, len(report.large), before=report.before_period))
    return found


def label(figure: str, words: CycleWords) -> str:
    """Return what a figure is called."""
    for prefix, name in ((SKIPPED, "skipped"), (FAILED, "failed")):
        if figure.startswith(prefix):
            return words.labels[name].format(reason=reason_label(figure.removeprefix(prefix), words))
    return words.labels.get(figure, figure)


def reason_label(code: str, words: CycleWords) -> str:
    """Return a recorded reason in few words; an unknown one as it is."""
    return words.reasons.get(code, code.replace("_", " "))


def shown_value(figure: str, value: float, words: ReportWords) -> str:
    """Return a figure with its unit."""
    figures = words.figures
    if figure == SUCCESS:
        return figures.percent(Decimal(str(value)) * 100)
    if figure == RATE:
        return words.cycle.per_second.format(rate=figures.plain(_rounded(value)))
    if figure == MEMORY:
        return f"{figures.whole(round(value))}{NO_BREAK}{words.cycle.megabytes}"
    if figure in MEASURED:
        return _seconds(value, figures)
    return figures.whole(int(value))


def shown_delta(change: FigureChange, words: ReportWords) -> str:
    """Return by how much a figure rose or fell, with its sign; empty when there is nothing to compare or no change."""
    delta = change.delta
    if not delta or change.before is None:
        return ""
    sign = "+" if delta > 0 else MINUS
    if change.figure == SUCCESS:
        return f"{sign}{words.figures.plain(Decimal(str(round(abs(delta) * 100, 1))))}{NO_BREAK}pt"
    if not change.before:
        return f"{sign}{shown_value(change.figure, abs(delta), words)}"
    share = words.figures.percent(Decimal(str(round(abs(delta) / change.before * 100, 1))))
    if change.figure in MEASURED:
        return f"{sign}{share}"
    return f"{sign}{words.figures.whole(int(abs(delta)))} ({sign}{share})"


def _severity(report: CycleFigures) -> Severity:
    if not report.is_well:
        return Severity.CRITICAL
    return Severity.MEDIUM if report.large else Severity.LOW


def _shown(report: CycleFigures) -> list[FigureChange]:
    """What changed a lot, then the outcomes by size, then what was measured: chats show the first ten."""
    worth = [
        change
        for change in report.changes
        if change.large or (change.figure not in _IN_THE_SENTENCES and (change.now or change.before))
    ]
    return sorted(worth, key=lambda change: (not change.large, change.figure in MEASURED, -_size(change)))


def _size(change: FigureChange) -> float:
    return 0.0 if change.figure in MEASURED else max(change.now, change.before or 0.0)


def _row(change: FigureChange, words: ReportWords) -> str:
    mark = "⚠️ " if change.large else ""
    delta = shown_delta(change, words)
    parts = [label(change.figure, words.cycle), shown_value(change.figure, change.now, words), delta]
    return mark + " · ".join(part for part in parts if part)


def _rounded(rate: float) -> Decimal:
    return Decimal(round(rate)) if rate >= 10 else Decimal(str(round(rate, 1)))


def _seconds(seconds: float, figures: Figures) -> str:
    if seconds < 10:
        return f"{figures.plain(Decimal(str(round(seconds, 1))))}{NO_BREAK}s"
    if seconds < 120:
        return f"{round(seconds)}{NO_BREAK}s"
    return figures.duration(timedelta(seconds=seconds))
