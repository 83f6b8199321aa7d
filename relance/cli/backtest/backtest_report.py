"""What a backtest showed, for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from rich.console import Group
from rich.text import Text

from relance.cli.base.output import Answer, table
from relance.cli.start.check_report import finding, lines, words_of
from relance.contracts.names import CheckName
from relance.errors import DependencyUnavailable
from relance.runtime.process_exit import DONE, JOB_FAILED, UNREACHABLE
from relance.services.backtesting import Past
from relance.wording.alerts.english import ENGLISH
from relance.wording.summaries import counted


def backtest_answer(
    check: CheckName, span: tuple[date, date], thresholds: Mapping[str, Any], past: Sequence[Past], now: datetime
) -> Answer:
    """Return on which days the check would have fired; when no day has data, nothing was tested."""
    fired = [day for day in past if day.seen is not None and day.seen.findings]
    without = [day for day in past if day.no_data is not None]
    data = {
        "check": check,
        "from": span[0],
        "to": span[1],
        "thresholds": thresholds,
        "days": [_day(day) for day in past],
        "fired_days": [day.day for day in fired],
        "no_data_days": [day.day for day in without],
    }
    columns = ("day of the run", "looks at", "rows", "findings", "what would have been told")
    rows = [(f"{day.day:%a %Y-%m-%d}", ENGLISH.figures.days_in_short(day.window), *_found(day, now)) for day in past]
    title = f"{ENGLISH.rules[check]}, {', '.join(f'{name} {value}' for name, value in thresholds.items())}"
    missing = f", {counted(len(without), 'day')} without data" if without else ""
    end = f"Fires on {len(fired)} of {counted(len(past), 'day')}{missing}."
    return Answer(data, Group(table(title, columns, rows), end), _code(past, without))


def _code(past: Sequence[Past], without: Sequence[Past]) -> int:
    if len(without) < len(past):
        return DONE
    return UNREACHABLE if all(isinstance(day.no_data, DependencyUnavailable) for day in without) else JOB_FAILED


def _day(past: Past) -> dict[str, Any]:
    return {
        "day": past.day,
        "window": past.window,
        "rows": past.seen.rows if past.seen else None,
        "findings": [finding(condition) for condition in past.seen.conditions] if past.seen else [],
        "no_data": past.no_data.reason if past.no_data else None,
        "detail": str(past.no_data) if past.no_data else None,
    }


def _found(past: Past, now: datetime) -> tuple[object, ...]:
    if past.seen is None:
        return None, None, f"no data ({words_of(past.no_data.reason)})" if past.no_data else ""
    return past.seen.rows, len(past.seen.findings), lines(past.seen, now) if past.seen.findings else Text("")
