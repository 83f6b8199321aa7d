"""`alerts show`: one alert or one group with everything known of it, and the details for the chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Group

from relance.cli.alerts.facts import facts, history
from relance.cli.alerts.groups import next_message, view_of
from relance.cli.alerts.targets import alerts_meant
from relance.cli.alerts.view import AlertFormatter
from relance.cli.base.command import Run
from relance.cli.base.instants import local
from relance.cli.base.output import Answer, table
from relance.contracts.alerts import AlertView, DetailsAsked
from relance.domain.alerts.delivery import DueMessage
from relance.domain.alerts.model import AlertRecord
from relance.errors import DependencyUnavailable
from relance.runtime.process_exit import DONE, JOB_FAILED
from relance.wording.summaries import counted

IN_FULL = 5
KeyArgument = Annotated[str, typer.Argument(help="An alert's key or id, or a group.", metavar="KEY")]


async def show(
    run: Run,
    key: KeyArgument,
    *,
    post: Annotated[bool, typer.Option("--post", help="Answer the chat's offer: post the details there.")] = False,
) -> Answer:
    """Show an alert, or all of a group: why it fired, what happened to it since, and what comes next."""
    async with run.database() as database:
        alerts = await alerts_meant(database.alerts, key, run.services.clock)
    if post:
        return await _posted(run, alerts)
    views = await _views(run, {alert.group for alert in alerts})
    return _answer(run, alerts, views)


async def _posted(run: Run, alerts: Sequence[AlertRecord]) -> Answer:
    from relance.temporal.alert_groups import TemporalAlertGroups

    groups = TemporalAlertGroups(await run.temporal(), run.settings.alerts.policy)
    keys: dict[str, list[str]] = {}
    for alert in alerts:
        if alert.is_open:
            keys.setdefault(alert.group, []).append(alert.key)
    posted = [
        key for group, some in keys.items() if await groups.notify(group, DetailsAsked(keys=some)) for key in some
    ]
    if posted:
        what = f"The details of {counted(len(posted), 'alert')} are on their way into the chat."
    elif keys:
        what = "Nothing is posted: the alert is open, but its workflow does not run; the next check starts it."
    else:
        what = "Nothing is posted: this is over. Without --post its details are shown here."
    return Answer({"posted": posted, "message": what}, what, DONE if posted else JOB_FAILED)


async def _views(run: Run, groups: set[str]) -> dict[str, AlertView]:
    try:
        client = await run.temporal()
    except DependencyUnavailable:
        run.out.side.print("Temporal does not answer: what comes next is not known.")
        return {}
    found = {group: await view_of(client, group) for group in sorted(groups)}
    return {group: view for group, view in found.items() if view is not None}


def _answer(run: Run, alerts: Sequence[AlertRecord], views: Mapping[str, AlertView]) -> Answer:
    formatter, now = AlertFormatter.of(run.settings), run.services.clock.now()
    coming: dict[str, DueMessage] = {}
    for alert in alerts:
        view = views.get(alert.group)
        due = next_message(view, alert.key, now, run.settings.alerts.policy) if view and alert.is_open else None
        if due is not None:
            coming[alert.key] = due
    parts: list[Any] = []
    for alert in alerts[:IN_FULL]:
        parts += [facts(formatter, alert, coming.get(alert.key)), history(formatter, alert)]
    if len(alerts) > IN_FULL:
        parts.append(formatter.alerts("The others", alerts[IN_FULL:]))
    parts += [_deliveries(formatter, group, view) for group, view in views.items() if view.deliveries]
    data = {
        "alerts": list(alerts),
        "next": {key: {"at": due.at, "telling": due.telling} for key, due in coming.items()},
        "deliveries": {group: list(view.deliveries) for group, view in views.items()},
    }
    return Answer(data, Group(*parts))


def _deliveries(formatter: AlertFormatter, group: str, view: AlertView) -> Any:
    channels = sorted({name for delivery in view.deliveries for name in delivery.outcomes})
    rows = [
        (
            delivery.sequence,
            delivery.telling,
            local(delivery.at, formatter.zone),
            delivery.alerts,
            *(delivery.outcomes.get(name) for name in channels),
        )
        for delivery in view.deliveries
    ]
    title = f"Messages of {group} (times in {formatter.zone})"
    return table(title, ("message", "about", "at", "alerts", *channels), rows)
