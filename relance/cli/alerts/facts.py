"""The tables of one alert: what is known of it, and what happened to it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from rich.table import Table
from rich.text import Text

from relance.cli.alerts.view import AlertFormatter, last_seen, times_seen
from relance.cli.base.instants import local, local_and_utc
from relance.cli.base.output import table
from relance.domain.alerts.delivery import DueMessage
from relance.domain.alerts.model import AlertRecord, Rule
from relance.domain.labels import clean_name
from relance.domain.zones import Window
from relance.wording.alerts.languages import LANGUAGES


def facts(formatter: AlertFormatter, alert: AlertRecord, coming: DueMessage | None) -> Table:
    """Return what is known of an alert; `coming` is what its workflow says next."""
    rows: list[tuple[str, object]] = [
        ("what", formatter.what(alert)),
        ("state", formatter.state(alert)),
        ("severity", alert.severity),
        ("rule and group", alert.rule if alert.rule == alert.group else f"{alert.rule}, {alert.group}"),
        ("subject", Text(alert.subject)),
        *((name.replace("_", " "), Text(clean_name(text))) for name, text in alert.labels.items()),
        *_evidence(formatter, alert),
        ("open since", local_and_utc(alert.fired_at, formatter.zone)),
        ("seen", f"{times_seen(alert)} ×, last {local_and_utc(last_seen(alert), formatter.zone)}"),
        ("seen last by the run of", alert.observation or None),
        ("id", Text(alert.id)),
    ]
    if alert.resolved_at is not None:
        rows.append(("resolved", local_and_utc(alert.resolved_at, formatter.zone)))
    if coming is not None:
        rows.append(("next message", f"{coming.telling}, {local_and_utc(coming.at, formatter.zone)}"))
    shown = table(alert.key, ("fact", "value"), rows)
    shown.columns[1].overflow = "fold"
    return shown


def history(formatter: AlertFormatter, alert: AlertRecord) -> Table:
    """Return what happened to an alert, the oldest first."""
    rows = [
        (
            entry.event.replace("_", " "),
            local(entry.at, formatter.zone),
            Text(entry.by or "-"),
            Text(entry.detail or "-"),
        )
        for entry in alert.history
    ]
    return table(f"History (times in {formatter.zone})", ("event", "when", "by", "detail"), rows)


def _evidence(formatter: AlertFormatter, alert: AlertRecord) -> Iterator[tuple[str, object]]:
    evidence, figures = alert.evidence, LANGUAGES[formatter.language].figures
    relative = alert.rule == Rule.PAUSED_PARTNER

    def compared(value: Decimal) -> str:
        return figures.percent(value) if relative else figures.plain(value)

    def amount(value: Decimal) -> str:
        return figures.money(value, evidence.currency) if evidence.currency and relative else figures.plain(value)

    shown = (
        ("value", evidence.value, compared),
        ("threshold", evidence.threshold, compared),
        ("before", evidence.baseline, amount),
        ("now", evidence.current, amount),
    )
    for name, value, written in shown:
        if value is not None:
            yield name, written(value)
    for name, window in (("days looked at", evidence.window), ("compared with", evidence.baseline_window)):
        if window is not None:
            yield name, _window(window)


def _window(window: Window) -> str:
    days = f"{window.first_day}" if window.first_day == window.last_day else f"{window.first_day} to {window.last_day}"
    return f"{days} {window.zone} ({window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC)"
