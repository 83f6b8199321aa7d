"""The file of the routes: which alerts go to which channels (SPEC A5).

[[route]]
name = "desk"
rules = ["default-lp", "paused-partner", "no-data"]
always = ["inbox"]
order = ["slack:desk", "mail:desk"]
quiet = "20:00-08:00 Europe/Amsterdam"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from relance.domain.alerts.routing import DEFAULT, KNOWN, AlertRoute, Pattern, RouteName, never_used, quiet_hours
from relance.domain.failures import Severity
from relance.settings.recipients import kind_of

_LARGEST = 256 * 1024


def _channel(name: str) -> str:
    kind_of(name)
    return name


_Channel = Annotated[str, AfterValidator(_channel)]


class _Table(BaseModel):
    """One table of the file."""

    model_config = ConfigDict(extra="forbid", strict=False)

    name: RouteName
    rules: list[Pattern] = Field(["*"], min_length=1)
    groups: list[Pattern] = Field(["*"], min_length=1)
    severities: list[Severity] = Field(list(Severity), min_length=1)
    always: list[_Channel] = []
    order: list[_Channel] = []
    quiet: str | None = None


def read_routes(file: Path, zone: str) -> tuple[AlertRoute, ...]:
    """Return the routes of a file, in its order; `zone` is that of quiet hours which name none.

    Raises:
        ValueError: names the file, the route, the field, the reason and what to write instead.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise ValueError(f"routes_file: {file} is larger than {_LARGEST // 1024} KiB")
        tables = tomllib.loads(content.decode())
    except OSError as error:
        raise ValueError(f"routes_file: {file} cannot be read ({type(error).__name__})") from None
    except UnicodeDecodeError:
        raise ValueError(f"routes_file: {file} is no text in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"routes_file: {file} is no TOML: {error}") from None
    unknown = sorted(tables.keys() - {"route"})
    if unknown or not isinstance(tables.get("route", []), list):
        raise ValueError(f"routes_file: {file} holds {', '.join(unknown) or 'route'}; write each route as [[route]]")
    routes = [_route(file, number, table, zone) for number, table in enumerate(tables.get("route", []), start=1)]
    _check(file, routes)
    return tuple(routes)


def _route(file: Path, number: int, given: Any, zone: str) -> AlertRoute:
    name = given.get("name") if isinstance(given, Mapping) else None
    where = f"routes_file: {file}, route {number}" + (f" ({name})" if isinstance(name, str) else "")
    try:
        table = _Table.model_validate(given)
    except ValidationError as error:
        # A text that stands where it must not may be an address.
        lines = "; ".join(_sentence(problem["loc"], problem["type"], problem["msg"]) for problem in error.errors())
        raise ValueError(f"{where}: {lines}") from None
    try:
        quiet = quiet_hours(table.quiet, zone) if table.quiet is not None else None
    except ValidationError as error:
        raise ValueError(f"{where}: quiet: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from None
    except ValueError as error:
        raise ValueError(f"{where}: quiet: {error}") from None
    if not table.always and not table.order:
        raise ValueError(f"{where}: it leads nowhere; name channels in always or order")
    for field, names in (("always", table.always), ("order", table.order)):
        if len(set(names)) < len(names):
            raise ValueError(f"{where}: {field} names a channel twice")
    return AlertRoute(
        name=table.name,
        rules=tuple(table.rules),
        groups=tuple(table.groups),
        severities=tuple(table.severities),
        always=tuple(table.always),
        order=tuple(table.order),
        quiet=quiet,
    )


def _sentence(location: Sequence[int | str], kind: str, message: str) -> str:
    field = ".".join(map(str, location)) or "the route"
    if kind == "extra_forbidden":
        known = ", ".join(_Table.model_fields)
        hint = "; an alert goes by one route only: name all its channels there" if field == "continue" else ""
        return f"{field}: there is no such field{hint}; there are {known}"
    if kind == "missing":
        return f"{field} is missing; each route has one"
    return f"{field}: {message.removeprefix('Value error, ')}"


def _check(file: Path, routes: Sequence[AlertRoute]) -> None:
    names = [route.name for route in routes]
    for name in names:
        if name == DEFAULT:
            raise ValueError(f"routes_file: {file}: a route is called {DEFAULT}, as is what no route takes; rename it")
        if names.count(name) > 1:
            raise ValueError(f"routes_file: {file}: two routes are called {name}; rename one")
    for route, what, why in never_used(routes):
        close = get_close_matches(what.partition(" ")[2], KNOWN, n=1)
        meant = f"; did you mean {close[0]}?" if close and "called" in why else ""
        raise ValueError(f"routes_file: {file}, route {route.name}: {what} is never used, {why}{meant}")
