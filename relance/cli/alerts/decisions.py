"""`alerts ack` and `alerts silence`: decisions of people, stored first, then signalled to the workflows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from relance.cli.alerts.listing import READ
from relance.cli.alerts.silencing import Typed, read_author, read_end, read_reason
from relance.cli.alerts.targets import REMEMBERED
from relance.cli.alerts.view import AlertFormatter, matcher_words
from relance.cli.base.alert_service import alert_service
from relance.cli.base.command import Run
from relance.cli.base.instants import local_and_utc
from relance.cli.base.output import Answer
from relance.cli.base.resources import Repositories
from relance.domain.alerts.model import AlertRecord, AlertState
from relance.domain.alerts.suppression import Silence
from relance.domain.failures import Severity
from relance.errors import DependencyUnavailable
from relance.services.alerts import AlertService, silence_of
from relance.wording.summaries import counted

ByOption = Annotated[str | None, typer.Option("--by", help="Who decides; the login's name by default.")]
STORED = "the decision is stored, but the workflow that delivers may not know of it yet: run the command again"


async def ack(
    run: Run,
    key: Annotated[str, typer.Argument(help="An open alert's key, or a group.", metavar="KEY")],
    by: ByOption = None,
) -> Answer:
    """Say that you look after an alert, or after all of a group: it is not repeated until it gets worse."""
    author = read_author(by)
    async with opened_alert_service(run) as (service, _):
        before = await service.matching(key)
        async with decision_stored_first():
            decided = await service.acknowledge(key, author)
    known = [alert.key for alert in before if alert.state is AlertState.ACKNOWLEDGED]
    formatter = AlertFormatter.of(run.settings)
    parts: list[Any] = [formatter.alerts("Acknowledged", decided)] if decided else []
    what = _acknowledged(before, decided, author)
    data = {"acknowledged": decided, "already": known, "by": author, "message": what}
    return Answer(data, Group(*parts, Text(what)))


async def silence(
    run: Run,
    key: Annotated[str | None, typer.Argument(help="An alert's key, or a rule.", metavar="KEY")] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="Of this rule; * stands for anything.")] = None,
    subject: Annotated[str | None, typer.Option("--subject", help="About this subject; * stands for anything.")] = None,
    severity: Annotated[
        Severity | None, typer.Option("--severity", help="Of this severity; critical ones only if named here.")
    ] = None,
    *,
    duration: Annotated[str | None, typer.Option("--for", help="For how long: 30m, 4h, 2d, 1w.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Or until when: a day, included, or an instant.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the silence.")],
    by: ByOption = None,
) -> Answer:
    """Keep alerts quiet for a while, those that are open and those to come; they are still recorded."""
    typed = Typed(key, rule, subject, severity)
    typed.check()
    why, author, now = read_reason(reason), read_author(by), run.services.clock.now()
    end = read_end(duration, until, now, run.settings.alerts.zone)
    async with opened_alert_service(run) as (service, database):
        known = await database.alerts.open()
        if key is not None:
            known += await database.alerts.recent(now - REMEMBERED, limit=READ)
        matcher = typed.matcher(known)
        active = await database.silences.active(now)
        wanted = silence_of(matcher, reason=why, author=author, start=now, end=end, active=active)
        async with decision_stored_first():
            held = await service.silence(wanted)
    return _silenced(run, wanted, held, known)


@asynccontextmanager
async def opened_alert_service(run: Run) -> AsyncIterator[tuple[AlertService, Repositories]]:
    """Open what decisions are taken with."""
    # Connected to first: a decision that cannot be signalled to anybody is better not taken.
    client = await run.temporal()
    async with run.database() as database:
        yield alert_service(run.settings, run.services.clock, client, database), database


@asynccontextmanager
async def decision_stored_first() -> AsyncIterator[None]:
    """Say that a decision is stored when the workflows could not be told of it."""
    try:
        yield
    except DependencyUnavailable as error:
        if error.dependency != "Temporal":
            raise
        raise DependencyUnavailable(error.dependency, f"{error.detail}; {STORED}") from error


def _acknowledged(before: Sequence[AlertRecord], decided: Sequence[AlertRecord], author: str) -> str:
    if not decided:
        return "This has just resolved: nothing is left to acknowledge."
    names = {alert.acknowledged_by or "somebody" for alert in before} if _all_known(before) else set()
    already = f"This was acknowledged already, by {', '.join(sorted(names))}. " if names else ""
    until = "it gets worse or comes back" if len(decided) == 1 else "one gets worse or comes back"
    by = "" if names == {author} else f" by {author}"
    return f"{already}{counted(len(decided), 'alert')} acknowledged{by}: nothing more is said until {until}."


def _all_known(alerts: Sequence[AlertRecord]) -> bool:
    return all(alert.state is AlertState.ACKNOWLEDGED for alert in alerts)


def _silenced(run: Run, silence: Silence, held: Sequence[AlertRecord], known: Sequence[AlertRecord]) -> Answer:
    formatter = AlertFormatter.of(run.settings)
    critical = silence.matcher.model_copy(update={"severity": Severity.CRITICAL})
    loud = [
        alert for alert in known if alert.is_open and critical.matches(alert) and not silence.matcher.matches(alert)
    ]
    end = local_and_utc(silence.ends_at, formatter.zone)
    lines = [
        f"Silenced until {end}: {matcher_words(silence.matcher)}.",
        f"It holds back {counted(len(held), 'open alert')}, and those that open until then.",
    ]
    if loud and silence.matcher.severity is None:
        lines.append(f"Not among them: {counted(len(loud), 'critical alert')}; that takes --severity critical.")
    data = {"silence": silence, "alerts": list(held), "until": silence.ends_at, "still_loud": [a.key for a in loud]}
    parts: list[Any] = [formatter.alerts("Held back", held)] if held else []
    return Answer(data, Group(*parts, Text("\n".join(lines))))
