"""`alerts list`: what is open, what was, and what nobody wants to hear of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Group

from relance.cli.alerts.view import AlertFormatter
from relance.cli.base.command import Run, invalid
from relance.cli.base.output import Answer
from relance.cli.base.resources import Repositories
from relance.domain.alerts.model import AlertRecord
from relance.domain.failures import Severity

DAYS, LONGEST = 30, 366
READ = 10_000
"""Most alerts that are looked through: more than a year of a busy desk."""


async def list_(
    run: Run,
    *,
    every: Annotated[bool, typer.Option("--all", help="Also those that resolved.")] = False,
    days: Annotated[
        int | None, typer.Option("--days", min=1, max=LONGEST, help=f"With --all: how far back; {DAYS} by default.")
    ] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="Of this rule only.")] = None,
    severity: Annotated[Severity | None, typer.Option("--severity", help="Of this severity only.")] = None,
    group: Annotated[str | None, typer.Option("--group", help="Of this group only.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=READ, help="Most alerts shown, the newest first.")] = 50,
) -> Answer:
    """Show the open alerts, newest first, and the silences that hold."""
    if days is not None and not every:
        invalid("--days", "open alerts are shown however old they are", "add --all to see resolved ones too")
    now = run.services.clock.now()
    async with run.database() as database:
        found = await database.alerts.open()
        if every:
            found = [*found, *await _resolved(database, now - timedelta(days=days or DAYS))]
        silences = await database.silences.active(now)
    wanted = {"rule": rule, "severity": severity, "group": group}
    # One that resolved between the two questions is in both answers.
    alerts = [alert for alert in {alert.id: alert for alert in found}.values() if _matches(alert, wanted)]
    alerts.sort(key=lambda alert: alert.fired_at, reverse=True)
    formatter = AlertFormatter.of(run.settings)
    shown = alerts[:limit]
    parts: list[Any] = [formatter.alerts("Alerts" if every else "Open alerts", shown)] if shown else []
    parts += [] if shown else ["There are no such alerts." if every else "No such alert is open."]
    parts += [f"… and {len(alerts) - limit} more: --limit shows them."] if len(alerts) > limit else []
    parts += [formatter.silences(silences)] if silences else []
    return Answer({"alerts": shown, "total": len(alerts), "silences": silences}, Group(*parts))


async def _resolved(database: Repositories, since: datetime) -> list[AlertRecord]:
    recent = await database.alerts.recent(since, limit=READ)
    return [alert for alert in recent if alert.resolved_at is not None and alert.resolved_at >= since]


def _matches(alert: AlertRecord, wanted: dict[str, str | None]) -> bool:
    return all(value is None or getattr(alert, name) == value for name, value in wanted.items())
