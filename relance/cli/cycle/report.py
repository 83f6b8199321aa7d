"""How a cycle ended, next to the month before, for people and for machines (SPEC C13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group

from relance.cli.base.output import Answer, table
from relance.contracts.cycle import CycleStatistics
from relance.domain.cycle.report import DURATION, FAILED, MEASURED, SKIPPED, CycleFigures, FigureChange
from relance.domain.invitations.unsent import Nobody
from relance.domain.quarantine import listed
from relance.runtime.process_exit import DONE, JOB_FAILED
from relance.services.cycle_statistics import report_of
from relance.wording.reports.cycle import shown_delta, shown_value
from relance.wording.reports.languages import REPORT_WORDS
from relance.wording.summaries import counted

Rows = Sequence[Mapping[str, Any]]

_WORDS = REPORT_WORDS["en"]


def report_answer(statistics: CycleStatistics, reminders: Rows, files: Sequence[str] = ()) -> Answer:
    """Return a cycle's report; the job failed if its balance is not 0, or if it ended without having sent to all.

    So it did if send times were missed by too long, or if it wrote to nobody though there were people to write to.
    """
    report = report_of(statistics)
    data = {
        **statistics.model_dump(mode="json"),
        "changes": [_change(change) for change in report.changes] if report.before else [],
        "reminders": reminders_sent(reminders),
        "files": list(files),
        "nobody": report.nobody,
    }
    failed = statistics.balance or _left_open(statistics) or _lost(report)
    code = JOB_FAILED if failed else DONE
    return Answer(data, report_view(statistics, reminders, files), code)


def reminders_sent(rows: Rows) -> dict[str, int]:
    """Return how many reminders of each type were sent."""
    sent: Counter[str] = Counter({"first": 0, "second": 0})
    for row in rows:
        if row["reason"] is None:
            sent[row["type"]] += row["count"]
    return dict(sent)


def report_view(statistics: CycleStatistics, reminders: Rows, files: Sequence[str] = ()) -> Group:
    """Return the tables of a report: outcomes by reason, reminders, what was measured."""
    report = report_of(statistics)
    columns = ("outcome", "reason", "invitations", *_before_columns(report))
    parts: list[Any] = [table(f"Cycle {statistics.period}", columns, _outcomes(statistics, report))]
    if reminders:
        rows = [
            (row["type"], "sent" if row["reason"] is None else f"not sent: {_words(row['reason'])}", row["count"])
            for row in sorted(reminders, key=lambda row: (row["type"], row["reason"] or ""))
        ]
        parts.append(table("Reminders", ("type", "outcome", "reminders"), rows))
    if statistics.progress is not None:
        waves = ("waves", statistics.progress.waves_done)
        measured = [_measured(change, report) for change in report.changes if change.figure in MEASURED]
        blank = (None,) * len(_before_columns(report))
        parts.append(table("Run", ("figure", "value", *_before_columns(report)), [(*waves, *blank), *measured]))
    written = [f"written: {path}" for path in files]
    return Group(
        *parts, *written, *_flagged(report), *_unreadable(statistics), *_unwritten(report), _verdict(statistics)
    )


def _before_columns(report: CycleFigures) -> tuple[str, ...]:
    return (report.before_period, "change") if report.before_period is not None else ()


def _outcomes(statistics: CycleStatistics, report: CycleFigures) -> list[tuple[object, ...]]:
    """Return the lines that add up to the eligible, in the order sent, skipped, failed, the rest."""
    order = {"sent": 0, SKIPPED: 1, FAILED: 2, "uncertain": 3, "cancelled": 4, "eligible": 6}
    changes = [change for change in report.changes if change.figure not in MEASURED]
    lines = sorted((order[_group(change.figure)], change.figure, change) for change in changes)
    rows = [(*_named(change.figure), int(change.now), *_compared(change, report)) for *_, change in lines]
    blank = (None,) * len(_before_columns(report))
    return [
        *rows[:-1],
        ("open", None, statistics.open, *blank),
        rows[-1],
        ("balance", "must be 0", statistics.balance, *blank),
    ]


def _group(figure: str) -> str:
    return next((prefix for prefix in (SKIPPED, FAILED) if figure.startswith(prefix)), figure)


def _named(figure: str) -> tuple[str, str | None]:
    group = _group(figure)
    if group == figure:
        return figure, "all contacts it had to decide about" if figure == "eligible" else None
    return group.removesuffix("."), _words(figure.removeprefix(group))


def _measured(change: FigureChange, report: CycleFigures) -> tuple[object, ...]:
    name = "time from opening to end" if change.figure == DURATION else _WORDS.cycle.labels[change.figure]
    return name, shown_value(change.figure, change.now, _WORDS), *_compared(change, report)


def _compared(change: FigureChange, report: CycleFigures) -> tuple[object, ...]:
    if report.before_period is None:
        return ()
    if change.before is None:
        return None, None
    mark = " !" if change.large else ""
    return shown_value(change.figure, change.before, _WORDS), (shown_delta(change, _WORDS) + mark) or None


def _change(change: FigureChange) -> dict[str, Any]:
    return {
        "figure": change.figure,
        "now": change.now,
        "before": change.before,
        "delta": change.delta,
        "large": change.large,
    }


def _flagged(report: CycleFigures) -> list[str]:
    if not report.large:
        return []
    names = ", ".join(_words(change.figure.replace(".", ": ")) for change in report.large)
    return [f"Changed by more than usual against {report.before_period} (!): {names}."]


def _words(code: str) -> str:
    return code.replace("_", " ")


def _unreadable(statistics: CycleStatistics) -> list[str]:
    lines: list[str] = []
    if ended := statistics.plans_unreadable:
        lines.append(f"{counted(ended, 'plan')} could not be read, so that no invitation went out by them.")
    if unreadable := sum(statistics.documents_unreadable.values()):
        lines.append(
            f"{counted(unreadable, 'document')} could not be read ({listed(statistics.documents_unreadable)}): "
            "`starter.py quarantine list`."
        )
    return lines


def _lost(report: CycleFigures) -> bool:
    return bool(report.users_too_late) or report.nobody is Nobody.LOST


def _unwritten(report: CycleFigures) -> list[str]:
    late = report.users_too_late
    why = "because their send times were missed by too long"
    lines = [f"NOT WRITTEN TO: {counted(late, 'user')}, {why}."] if late else []
    if report.nobody is Nobody.LOST:
        lines.append("NOBODY WAS WRITTEN TO: the reasons are above.")
    elif report.nobody is Nobody.BY_DESIGN:
        lines.append("Nobody was written to, as it was decided: the reasons are above.")
    return lines


def _left_open(statistics: CycleStatistics) -> int:
    # Without an instant it is drawn from a cycle that may still run.
    return statistics.plans_open if statistics.at is not None else 0


def _waiting(statistics: CycleStatistics) -> list[str]:
    waiting = []
    if statistics.open:
        verb = "has" if statistics.open == 1 else "have"
        waiting.append(f"{counted(statistics.open, 'invitation')} {verb} no outcome yet")
    if statistics.plans_open:
        verb = "has" if statistics.plans_open == 1 else "have"
        waiting.append(f"{counted(statistics.plans_open, 'user')} {verb} not been written to yet")
    return waiting


def _verdict(statistics: CycleStatistics) -> str:
    if left := _left_open(statistics):
        return (
            f"NOT BALANCED: {counted(left, 'user')} not written to; `start cycle --period {statistics.period}` goes on."
        )
    if statistics.balance:
        return f"NOT BALANCED: {counted(statistics.balance, 'invitation')} unaccounted for."
    if statistics.open or statistics.plans_open:
        return f"Balanced so far; {' and '.join(_waiting(statistics))}."
    return "Balanced: every contact has exactly one outcome."
