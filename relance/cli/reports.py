"""How a cycle ended, for people and for machines (SPEC C13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group

from relance.cli.output import Answer, cell, table
from relance.contracts.cycle import CycleStatistics
from relance.runtime.exit import DONE, JOB_FAILED

Rows = Sequence[Mapping[str, Any]]


def report_answer(statistics: CycleStatistics, reminders: Rows) -> Answer:
    """Return a cycle's report; the job failed if its balance is not 0."""
    data = {**statistics.model_dump(mode="json"), "reminders": reminders_sent(reminders)}
    code = DONE if statistics.balance == 0 else JOB_FAILED
    return Answer(data, report_view(statistics, reminders), code)


def reminders_sent(rows: Rows) -> dict[str, int]:
    """Return how many reminders of each type were sent."""
    sent: Counter[str] = Counter({"first": 0, "second": 0})
    for row in rows:
        if row["reason"] is None:
            sent[row["type"]] += row["count"]
    return dict(sent)


def report_view(statistics: CycleStatistics, reminders: Rows) -> Group:
    """Return the tables of a report: outcomes by reason, reminders, durations."""
    columns = ("outcome", "reason", "invitations")
    parts: list[Any] = [table(f"Cycle {statistics.period}", columns, outcome_rows(statistics))]
    if reminders:
        rows = [
            (row["type"], "sent" if row["reason"] is None else f"not sent: {_words(row['reason'])}", row["count"])
            for row in sorted(reminders, key=lambda row: (row["type"], row["reason"] or ""))
        ]
        parts.append(table("Reminders", ("type", "outcome", "reminders"), rows))
    progress = statistics.progress
    if progress is not None:
        rate = progress.counts.sent / progress.sending_time.total_seconds() if progress.sending_time else 0.0
        figures = [
            ("waves", progress.waves_done),
            ("sending time", cell(progress.sending_time)),
            ("rate", f"{rate:.0f} invitations/s"),
            ("slowest batch", cell(progress.slowest_batch)),
            ("memory peak", f"{progress.rss_peak_mb:.0f} MB"),
        ]
        parts.append(table("Run", ("figure", "value"), figures))
    return Group(*parts, _verdict(statistics))


def outcome_rows(statistics: CycleStatistics) -> list[tuple[str, str | None, int]]:
    """Return the lines `outcome, reason, count` that add up to the eligible."""
    return [
        ("sent", None, statistics.sent),
        *(("skipped", _words(reason), count) for reason, count in sorted(statistics.skipped.items())),
        *(("failed", _words(reason), count) for reason, count in sorted(statistics.failed.items())),
        ("uncertain", None, statistics.uncertain),
        ("cancelled", None, statistics.cancelled),
        ("open", None, statistics.open),
        ("eligible", "all contacts it had to decide about", statistics.eligible),
        ("balance", "must be 0", statistics.balance),
    ]


def _words(code: str) -> str:
    return code.replace("_", " ")


def _verdict(statistics: CycleStatistics) -> str:
    if statistics.balance:
        return f"NOT BALANCED: {statistics.balance} invitations are unaccounted for."
    if statistics.open or statistics.plans_open:
        return f"Balanced; {statistics.open} invitations of {statistics.plans_open} open plans have no outcome yet."
    return "Balanced: every contact has exactly one outcome."
