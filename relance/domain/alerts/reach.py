"""Whether alerts reach people: a message in an inbox that nobody reads does not count (SPEC A5, H3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from relance.domain.alerts.routing import DEFAULT, AlertRoute, unrouted
from relance.domain.channels.channel_state import ChannelCondition, ChannelState
from relance.domain.sentences import Sentence

UNREAD = "inbox"
"""The channel that calls nobody: the console shows it to whoever opens it."""


class Reach(StrEnum):
    """`untried` leads to people, but no message has ever gone there."""

    TOLD = "told"
    UNTRIED = "untried"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Reached:
    """Whom one route reaches, in words; `what` names its alerts, `remedy` what to do."""

    what: str
    reach: Reach
    detail: str
    remedy: str = ""


def reached(
    routes: Sequence[AlertRoute], states: Mapping[str, ChannelState], fingerprint: Callable[[str], str]
) -> list[Reached]:
    """Judge each route that takes anything; the last one takes what is left.

    A channel whose last message failed, or that is gone, reaches nobody. `fingerprint` changes with a channel's
    address.
    """
    used = routes if unrouted(routes[:-1]) else routes[:-1]
    return [_judged(route, states, fingerprint) for route in used]


def _judged(route: AlertRoute, states: Mapping[str, ChannelState], fingerprint: Callable[[str], str]) -> Reached:
    what = Sentence("alerts") if route.name == DEFAULT else Sentence("alerts of route {name}", name=route.name)
    people = [name for name in route.channels if name != UNREAD]
    if not people:
        said = Sentence("nobody is told: they go to the inbox alone, which is read in the console by whoever opens it")
        if not route.channels:
            said = Sentence("nobody is told: they go nowhere")
        remedy = Sentence("name a channel to people in order or always of this route")
        if route.name == DEFAULT:
            remedy = Sentence(
                "name a channel in RELANCE_CHANNELS__ORDER, and its address, as RELANCE_CHANNELS__SLACK_URL"
            )
        return Reached(what, Reach.NOBODY, said, remedy)
    known = {name: states[name] for name in people if name in states and states[name].address == fingerprint(name)}
    working = [name for name, state in known.items() if state.condition is ChannelCondition.WORKING]
    if working:
        return Reached(what, Reach.TOLD, Sentence("people are told by {names}", names=", ".join(working)))
    untried = [name for name in people if name not in known]
    if untried:
        detail = Sentence("no message has gone to {names} yet", names=", ".join(untried))
        return Reached(what, Reach.UNTRIED, detail, Sentence("run `starter.py alerts channels --test`"))
    failed = ", ".join(f"{name} ({state.condition}: {state.detail or 'no reason'})" for name, state in known.items())
    remedy = Sentence("mend what it says, then run `starter.py alerts channels --test`")
    return Reached(
        what,
        Reach.NOBODY,
        Sentence("nobody is told: the last message to each channel failed: {failed}", failed=failed),
        remedy,
    )
