"""Splits a message of a group by the routes of its alerts (SPEC A2, A3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from relance.domain.alerts.delivery import Deliver, MessageLine, routes_for
from relance.domain.alerts.group import AlertGroup
from relance.domain.alerts.routing import AlertRoute, route_of


@dataclass(frozen=True, slots=True)
class RoutePart:
    """The part of a message for one route, with its own sequence number."""

    route: AlertRoute
    action: Deliver


@dataclass(frozen=True, slots=True)
class Parted:
    """The parts that are due now, and until when the other alerts wait for the end of their quiet hours."""

    parts: tuple[RoutePart, ...]
    held: dict[str, datetime]


def lines_by_route(
    group: AlertGroup, lines: Iterable[MessageLine], routes: Sequence[AlertRoute]
) -> dict[AlertRoute, tuple[MessageLine, ...]]:
    """Return the lines of each route; one that no route takes is left out."""
    found: dict[AlertRoute, tuple[MessageLine, ...]] = {}
    for line in lines:
        rule = line.key.partition("/")[0]
        route = route_of(routes, rule, group.group, group.members[line.key].severity)
        if route is not None:
            found[route] = (*found.get(route, ()), line)
    return found


def parted(group: AlertGroup, action: Deliver, routes: Sequence[AlertRoute], now: datetime) -> Parted:
    """Part a message by its routes, whose last one takes everything."""
    parts: list[RoutePart] = []
    held: dict[str, datetime] = {}
    for route, lines in lines_by_route(group, action.lines, routes).items():
        waits = {line.key: route.held_until(group.members[line.key].severity, now) for line in lines}
        held |= {key: until for key, until in waits.items() if until is not None}
        due = tuple(line for line in lines if waits[line.key] is None)
        if due:
            stages = routes_for(action.telling, [group.members[line.key] for line in due])
            number = group.sequences.get(route.name, 0)
            parts.append(RoutePart(route, replace(action, lines=due, routes=stages, sequence=number)))
    return Parted(tuple(parts), held)
