"""What the reports say about cycles and reminders, in one language, as data; `english` and `french` fill it in.

Templates name their blanks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from relance.wording.alerts.figures import Figures, Forms


@dataclass(frozen=True, slots=True)
class CycleWords:
    """The words of a cycle's report; `labels` are the names of outcomes and figures, `reasons` of why not sent."""

    title: str
    title_unbalanced: str
    sent: Forms
    took: Forms
    balanced: str
    unbalanced: Forms
    open: Forms
    plans_open: Forms
    plans_unreadable: Forms
    documents_unreadable: Forms
    users_too_late: Forms
    nobody: str
    title_lost: str
    changed: Forms
    first: str
    labels: Mapping[str, str]
    reasons: Mapping[str, str]
    per_second: str
    megabytes: str
    chart_not_sent: str
    chart_months: str


@dataclass(frozen=True, slots=True)
class ReminderWords:
    """The words on the charts of what reminders achieve."""

    kinds: Mapping[str, str]
    by_hour: str
    by_weekday: str
    lift: str
    rest: str
    note: str
    reminded: str
    held_out: str


@dataclass(frozen=True, slots=True)
class ReportWords:
    """Everything that is said in reports, in one language."""

    figures: Figures
    cycle: CycleWords
    reminders: ReminderWords
