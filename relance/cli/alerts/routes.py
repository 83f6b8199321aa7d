"""`alerts routes`: where alerts go, and why there (SPEC A5)."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from relance.cli.base.command import Run, invalid
from relance.cli.base.instants import local_and_utc
from relance.cli.base.output import Answer, table
from relance.domain.alerts.routing import DEFAULT, KNOWN, REPORTS, AlertRoute, route_of, unrouted
from relance.domain.failures import Severity


async def routes(
    run: Run,
    *,
    explain: Annotated[
        str | None, typer.Option("--explain", help="Where alerts of this rule go; reports have names too.")
    ] = None,
    severity: Annotated[
        Severity | None, typer.Option("--severity", help="With --explain: of this severity; all by default.")
    ] = None,
    group: Annotated[
        str | None, typer.Option("--group", help="With --explain: of this group; the rule by default.")
    ] = None,
) -> Answer:
    """Show which alerts go to which channels, in the order in which routes are tried: the first that matches wins."""
    table_of = run.settings.routes
    if explain is None:
        for field, value in (("--severity", severity), ("--group", group)):
            if value is not None:
                invalid(field, "it is about one rule", "name the rule with --explain")
        return _listed(table_of)
    if explain not in KNOWN:
        close = get_close_matches(explain, KNOWN, n=1)
        invalid(
            "--explain", f"no rule is called {explain}", f"write {close[0]}" if close else "`--help` of `alerts list`"
        )
    every = [Severity.LOW] if explain in REPORTS else list(Severity)
    return _explained(run, explain, group or explain, [severity] if severity is not None else every)


def _listed(table_of: Sequence[AlertRoute]) -> Answer:
    rest = unrouted(table_of[:-1])
    columns = ("#", "route", "rules", "groups", "severities", "always", "order", "quiet hours")
    rows = [
        (
            number,
            route.name,
            _rest(rest) if route.name == DEFAULT and len(table_of) > 1 else _words(route.rules),
            _words(route.groups),
            "any" if route.severities == tuple(Severity) else _words(route.severities),
            _words(route.always),
            _words(route.order),
            str(route.quiet) if route.quiet is not None else None,
        )
        for number, route in enumerate(table_of, start=1)
    ]
    data = {"routes": list(table_of), "by_default": {rule: list(severities) for rule, severities in rest.items()}}
    return Answer(data, table("Routes: the first that matches wins", columns, rows))


def _explained(run: Run, rule: str, group: str, severities: Sequence[Severity]) -> Answer:
    table_of, now, zone = run.settings.routes, run.services.clock.now(), run.settings.alerts.zone
    found: list[dict[str, Any]] = []
    lines: list[Text] = []
    for severity in severities:
        route = route_of(table_of, rule, group, severity) or table_of[-1]
        until = route.held_until(severity, now) if rule not in REPORTS else None
        found.append({"severity": severity, "route": route, "held_until": until})
        words = [f"{severity}: route {route.name} (number {table_of.index(route) + 1} of {len(table_of)})"]
        words.append(f"always to {', '.join(route.always)}" if route.always else "")
        words.append(f"to the first of {', '.join(route.order)} that takes it" if route.order else "")
        words.append("" if route.channels else "to nobody")
        words.append(f"quiet hours {route.quiet}" if route.quiet is not None else "")
        words.append(f"now it would wait until {local_and_utc(until, zone)}" if until is not None else "")
        lines.append(Text("; ".join(filter(None, words))))
    data = {"rule": rule, "group": group, "goes": found}
    return Answer(data, Group(Text(f"{rule}, group {group}:"), *lines))


def _words(names: Sequence[str]) -> str | None:
    return ", ".join("any" if name == "*" else name for name in names) or None


def _rest(rest: dict[str, tuple[Severity, ...]]) -> str:
    if not rest:
        return "nothing: the routes take every alert"
    whole = {rule for rule, severities in rest.items() if rule in REPORTS or severities == tuple(Severity)}
    return ", ".join(
        rule if rule in whole else f"{rule} ({', '.join(severities)})" for rule, severities in rest.items()
    )
