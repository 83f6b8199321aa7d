"""What a page is made of: regions that are rendered anew when what they show has changed, and actions.

A new page: its module in this folder with a `PAGE`, a line in `relance/console/pages/registry.py`, its template in
`relance/console/templates`, its words in `relance/wording/console`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from relance.console.needs import ConsoleNeeds
from relance.domain.console.people import SignedInPerson
from relance.ports.console import Topic

Params: TypeAlias = Mapping[str, str]
"""The parts of the path and the parameters of the query that a page declares."""
Load: TypeAlias = Callable[[ConsoleNeeds, Params], Awaitable[Mapping[str, Any]]]


COUNT_EVERY_S: Final = 0.6
"""For what a cycle writes, which no stream of changes brings: with the rest after a load it is seen in a second."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a page; its template sees what `load` returns, the same for all viewers of a language, zone and role.

    `topics` are the changes after which it is loaded again, `every` the seconds after which it is anyway, both only
    while somebody looks. `load` raises NotFound for what does not exist, and DependencyUnavailable. Where it can tell a
    part without a server that does not answer it returns that part, with the server's name as `away`.
    """

    name: str
    template: str
    load: Load
    topics: frozenset[Topic] = frozenset()
    every: float | None = None


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where the browser goes after an action, under `/console`; `notice` is the key of the sentence it reads there."""

    path: str
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Show:
    """A page that answers an action itself: what would be done, or what is wrong."""

    template: str
    data: Mapping[str, Any]
    status: int = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wants done: the fields of the form, and who it is."""

    params: Params
    form: Mapping[str, str]
    person: SignedInPerson
    language: str
    zone: str


@dataclass(frozen=True, slots=True)
class PageAction:
    """What a form of a page does, at `PATH/do/NAME`; for operators alone unless `for_viewers`.

    `act` may raise InvalidInput, which is shown on the page.
    """

    name: str
    act: Callable[[ConsoleNeeds, Asked], Awaitable[Redirect | Show]]
    for_viewers: bool = False


@dataclass(frozen=True, slots=True)
class PageDocument:
    """HTML that is not ours, shown in a frame of the page, at `PATH/show/NAME`: no script, nothing from elsewhere.

    `load` returns it, for an operator or for a viewer, and raises as that of a region.
    """

    name: str
    load: Callable[[ConsoleNeeds, Params, SignedInPerson], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class ConsolePage:
    """A page at `/console` + `path`, which may hold `{parameters}`; `query` are the parameters it takes besides.

    `name` is its key in the words (`NAME.title`) and in the navigation, if `in_navigation`; `section` is the page of
    the navigation that it belongs to.
    """

    name: str
    path: str
    template: str
    regions: tuple[Region, ...]
    query: tuple[str, ...] = ()
    actions: tuple[PageAction, ...] = ()
    documents: tuple[PageDocument, ...] = ()
    in_navigation: bool = True
    section: str = ""
