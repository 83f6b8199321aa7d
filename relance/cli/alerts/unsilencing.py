"""`alerts unsilence`: takes silences back; alerts that they held back are notified again (SPEC A3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from relance.cli.alerts.decisions import ByOption, decision_stored_first, opened_alert_service
from relance.cli.alerts.listing import READ
from relance.cli.alerts.silencing import Typed, read_author
from relance.cli.alerts.targets import REMEMBERED
from relance.cli.alerts.view import AlertFormatter
from relance.cli.base.command import Run, invalid
from relance.cli.base.output import Answer
from relance.domain.alerts.model import AlertRecord
from relance.domain.alerts.suppression import Matcher, Silence
from relance.domain.failures import Severity
from relance.errors import NotFound
from relance.wording.summaries import counted

SHORTEST_ID = 6


async def unsilence(
    run: Run,
    key: Annotated[
        str | None, typer.Argument(help="A silence's id, or a key or rule as it was silenced.", metavar="KEY")
    ] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="Silences of this rule, as it was silenced.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every silence that holds now.")] = False,
    by: ByOption = None,
) -> Answer:
    """Take silences back: what they held back and still goes on is told. Running it twice changes nothing more."""
    if [key is not None, rule is not None, every].count(True) != 1:
        invalid("KEY", "exactly one of KEY, --rule and --all is needed", "`alerts list` shows the silences that hold")
    author, now = read_author(by), run.services.clock.now()
    async with opened_alert_service(run) as (service, database):
        active = await database.silences.active(now)
        if every:
            meant, matchers = active, [Matcher(), *(Matcher(severity=severity) for severity in Severity)]
        else:
            known = await database.alerts.open()
            known += await database.alerts.recent(now - REMEMBERED, limit=READ)
            meant, matchers = _meant(key, rule, active, known)
        async with decision_stored_first():
            freed = await service.unsilence(meant, matchers, author)
    return _taken_back(run, meant, freed)


def _meant(
    key: str | None, rule: str | None, active: Sequence[Silence], known: Sequence[AlertRecord]
) -> tuple[list[Silence], list[Matcher]]:
    """Return the silences that are meant, and what to free if they have been taken back before.

    Raises:
        NotFound: KEY names nothing.
        InvalidInput: KEY is the beginning of several ids.
    """
    by_id = [alert for alert in active if key and len(key) >= SHORTEST_ID and alert.id.startswith(key)]
    if len(by_id) > 1:
        invalid("KEY", f"{len(by_id)} silences have an id that begins so", "write more of the id")
    if by_id:
        return by_id, [by_id[0].matcher]
    try:
        wanted = [Typed(key, rule, severity=severity).matcher(known) for severity in (None, Severity.CRITICAL)]
    except NotFound:
        if key is not None and len(key) >= SHORTEST_ID and set(key) <= set("0123456789abcdef"):
            # The id of a silence that is over: nothing is left to take back.
            return [], []
        raise
    pattern = wanted[-1]
    meant = [
        silence
        for silence in active
        if silence.matcher.rule == pattern.rule and (rule is not None or silence.matcher.subject == pattern.subject)
    ]
    return meant, [pattern.model_copy(update={"severity": severity}) for severity in (None, *Severity)]


def _taken_back(run: Run, meant: Sequence[Silence], freed: Sequence[AlertRecord]) -> Answer:
    formatter = AlertFormatter.of(run.settings)
    parts: list[Any] = [formatter.silences(meant, "Silences taken back")] if meant else []
    parts += [formatter.alerts("Notified again", freed)] if freed else []
    what = f"{counted(len(meant), 'silence')} taken back; {counted(len(freed), 'open alert')} may be told again."
    if not meant:
        what = "No such silence holds now: nothing was taken back."
        if freed:
            what += f" {counted(len(freed), 'open alert')} of it may be told again."
    data = {"silences": list(meant), "alerts": list(freed), "message": what}
    return Answer(data, Group(*parts, Text(what)))
