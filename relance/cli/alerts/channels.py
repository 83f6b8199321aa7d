"""`alerts channels` and `alerts enable`: how the ways to people fare (SPEC A5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer
from rich.console import Group
from rich.text import Text

from relance.cli.alerts.decisions import ByOption
from relance.cli.alerts.silencing import read_author
from relance.cli.alerts.trial import trial
from relance.cli.base.command import Run, invalid
from relance.cli.base.instants import local
from relance.cli.base.output import Answer, table
from relance.domain.channels.channel_state import ChannelCondition, ChannelState, is_usable
from relance.runtime.process_exit import DONE, JOB_FAILED
from relance.settings import Settings
from relance.settings.channels import Channels

NEVER_USED = "never used"


async def channels(
    run: Run,
    channel: Annotated[
        list[str] | None, typer.Argument(help="With --test: only these; all in use by default.", metavar="CHANNEL")
    ] = None,
    *,
    test: Annotated[
        bool, typer.Option("--test", help="Send a trial message to each, and say what came of it.")
    ] = False,
    by: ByOption = None,
) -> Answer:
    """Show every channel the settings name: whether messages arrive, since when, and why not.

    Exit code 1: one is gone for good, or with --test has refused its trial message. 3: with --test, one did not answer.
    """
    if test:
        return await trial(run, _named(run, channel), read_author(by))
    if channel:
        invalid("CHANNEL", "all channels are shown", "leave it out, or add --test to try just these")
    async with run.database() as database:
        states = await database.channel_states.all()
    settings, zone = run.settings.channels, run.settings.alerts.zone
    roles = _roles(run.settings)
    rows = [
        (
            name,
            role,
            settings.masked(name),
            _condition(settings, name, states),
            local(state.since, zone) if (state := states.get(name)) else None,
            local(state.at, zone) if state else None,
            Text(state.detail or "-") if state else None,
            state.delivered if state else 0,
            state.failed if state else 0,
        )
        for name, role in roles.items()
    ]
    columns = ("channel", "gets", "recipient", "state", "since", "last try", "detail", "delivered", "failed")
    gone = [name for name in roles if not _usable(settings, name, states)]
    lines = [f"{name} takes no messages any more; mend it, then: starter.py alerts enable {name}" for name in gone]
    data = {
        "channels": [
            {
                "name": name,
                "gets": role,
                "recipient": settings.masked(name),
                "condition": _condition(settings, name, states),
                "usable": name not in gone,
                "state": states.get(name),
            }
            for name, role in roles.items()
        ]
    }
    view = Group(table(f"Channels (times in {zone})", columns, rows), *lines)
    return Answer(data, view, JOB_FAILED if gone else DONE)


async def enable(
    run: Run,
    channel: Annotated[str, typer.Argument(help="Which channel, see `alerts channels`.", metavar="CHANNEL")],
    by: ByOption = None,
) -> Answer:
    """Try a channel again that was disabled because it was gone; its next message tells whether it is back."""
    settings, author, now = run.settings.channels, read_author(by), run.services.clock.now()
    _named(run, [channel])
    async with run.database() as database:
        states = await database.channel_states.all()
        found = states.get(channel)
        if found is None or found.condition is not ChannelCondition.GONE:
            return _done(channel, enabled=False, sentence=f"{channel} is not disabled; it is left as it is.")
        detail = f"enabled again by {author}, not tried since"
        fresh = {"condition": ChannelCondition.FAILING, "since": now, "address": settings.fingerprint(channel)}
        await database.channel_states.note(found.model_copy(update={**fresh, "detail": detail}))
    return _done(channel, enabled=True, sentence=f"{channel} is tried again with the next message.")


def _done(channel: str, *, enabled: bool, sentence: str) -> Answer:
    return Answer({"channel": channel, "enabled": enabled, "message": sentence}, sentence)


def _named(run: Run, names: Sequence[str] | None) -> Sequence[str]:
    used = run.settings.channel_names
    for name in names or ():
        if name not in used:
            invalid("CHANNEL", f"the settings do not name {name}", f"choose one of: {', '.join(used)}")
    return tuple(dict.fromkeys(names or used))


def _roles(settings: Settings) -> dict[str, str]:
    """Return what each channel gets: `every message`, `choice 1`, and of which route if there are several."""
    roles: dict[str, list[str]] = {name: [] for name in settings.channel_names}
    *others, default = settings.routes
    for route in (default, *others):
        of = f" of {route.name}" if others else ""
        for name in route.channels:
            choice = "every message" if name in route.always else f"choice {route.order.index(name) + 1}"
            roles[name].append(choice + of)
    return {name: ", ".join(gets) for name, gets in roles.items()}


def _usable(settings: Channels, name: str, states: Mapping[str, ChannelState]) -> bool:
    return is_usable(states.get(name), settings.fingerprint(name))


def _condition(settings: Channels, name: str, states: Mapping[str, ChannelState]) -> str:
    state = states.get(name)
    if state is None:
        return NEVER_USED
    # What was gone at another address says nothing about this one.
    return state.condition if state.address == settings.fingerprint(name) else f"{NEVER_USED} at this address"
