"""`alerts channels --test`: a trial message to each channel, and what came of it (SPEC A5)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import uuid4
from zoneinfo import ZoneInfo

from rich.console import Group
from rich.text import Text

from relance.cli.base.command import Run
from relance.cli.base.output import Answer, table
from relance.cli.base.resources import Repositories
from relance.domain.alerts.reach import Reach, reached
from relance.domain.channels.channel_state import ChannelCondition, ChannelState, after
from relance.errors import ChannelError, ChannelGone, ChannelUnavailable, DependencyUnavailable
from relance.ports import Channel
from relance.runtime.process_exit import DONE, JOB_FAILED, UNREACHABLE
from relance.settings.recipients import ChannelName, kind_of
from relance.wording.alerts.trial import trial_message

DEADLINE_S = 30.0
"""Seconds all trials may take: they go out at the same time."""


class TrialOutcome(StrEnum):
    """What came of a trial; `unavailable` may work later, `refused` does not by itself."""

    DELIVERED = "delivered"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial; `condition` is how the channel fares by it."""

    channel: str
    recipient: str
    outcome: TrialOutcome
    condition: ChannelCondition
    reason: str = ""
    remedy: str = ""


async def trial(run: Run, names: Sequence[str], by: str) -> Answer:
    """Send a trial message to each of these channels; exit code 1 if one refused it, 3 if one did not answer."""
    now = run.services.clock.now()
    async with run.database() as database, run.services.channels(run.settings, database) as opened:
        found = await asyncio.gather(*(_tried(run, opened, name, by, now) for name in names))
        states = await _noted(run, database, found, now)
    fingerprint = run.settings.channels.fingerprint
    nobody = [channel for channel in reached(run.settings.routes, states, fingerprint) if channel.reach is Reach.NOBODY]
    outcomes = {tried.outcome for tried in found}
    code = (
        UNREACHABLE
        if TrialOutcome.UNAVAILABLE in outcomes
        else JOB_FAILED
        if TrialOutcome.REFUSED in outcomes
        else DONE
    )
    columns = ("channel", "recipient", "outcome", "reason", "to mend")
    rows = [
        (tried.channel, tried.recipient, tried.outcome, Text(tried.reason or "-"), tried.remedy or "-")
        for tried in found
    ]
    shown = ("channel", "recipient", "outcome", "reason", "remedy")
    data = {
        "trials": [{field: getattr(tried, field) for field in shown} for tried in found],
        "nobody": [{"what": finding.what, "detail": finding.detail, "remedy": finding.remedy} for finding in nobody],
    }
    lines = [Text(f"{finding.what}: {finding.detail}; {finding.remedy}") for finding in nobody]
    return Answer(data, Group(table("Trial messages", columns, rows), *lines), code)


async def _tried(run: Run, opened: Mapping[str, Channel], name: str, by: str, now: datetime) -> Trial:
    alerts, recipient = run.settings.alerts, run.settings.channels.masked(name)
    message = trial_message(
        name,
        key=f"trial/{uuid4().hex}",
        by=by,
        at=now.astimezone(ZoneInfo(alerts.zone)),
        language=alerts.language,
    )
    try:
        async with asyncio.timeout(DEADLINE_S):
            await opened[name].deliver(message)
    except TimeoutError:
        reason = f"no answer within {DEADLINE_S:g} seconds"
        return Trial(
            name, recipient, TrialOutcome.UNAVAILABLE, ChannelCondition.FAILING, reason, _remedy(name, gone=False)
        )
    except ChannelError as error:
        gone = isinstance(error, ChannelGone)
        outcome = TrialOutcome.UNAVAILABLE if isinstance(error, ChannelUnavailable) else TrialOutcome.REFUSED
        condition = ChannelCondition.GONE if gone else ChannelCondition.FAILING
        return Trial(name, recipient, outcome, condition, error.detail, _remedy(name, gone=gone))
    except DependencyUnavailable as error:
        return Trial(name, recipient, TrialOutcome.UNAVAILABLE, ChannelCondition.FAILING, error.detail, "start MongoDB")
    return Trial(name, recipient, TrialOutcome.DELIVERED, ChannelCondition.WORKING)


async def _noted(run: Run, database: Repositories, found: Sequence[Trial], now: datetime) -> Mapping[str, ChannelState]:
    states = await database.channel_states.all()
    for tried in found:
        address = run.settings.channels.fingerprint(tried.channel)
        known = states.get(tried.channel)
        state = after(known, tried.channel, tried.condition, now, address=address, detail=tried.reason)
        await database.channel_states.note(state)
        states[tried.channel] = state
    return states


def _remedy(name: str, *, gone: bool) -> str:
    kind = kind_of(name)
    setting = _SETTINGS[kind] if kind == name else f"{name} in RELANCE_CHANNELS__RECIPIENTS"
    if gone:
        return f"it does not exist any more: set a new address, {setting}"
    if kind is ChannelName.MAIL:
        return f"check {setting}, and the relay with `starter.py doctor`"
    if kind is ChannelName.APPRISE:
        return f"check {setting}"
    return f"check {setting}, and that this machine may call it (RELANCE_CHANNELS__LOCAL_HOSTS if it is not public)"


_SETTINGS = {
    ChannelName.INBOX: "RELANCE_MONGO__URI",
    ChannelName.SLACK: "RELANCE_CHANNELS__SLACK_URL",
    ChannelName.TEAMS: "RELANCE_CHANNELS__TEAMS_URL",
    ChannelName.WEBHOOK: "RELANCE_CHANNELS__WEBHOOK_URL and __WEBHOOK_SECRETS",
    ChannelName.MAIL: "RELANCE_CHANNELS__MAIL_TO",
    ChannelName.APPRISE: "RELANCE_CHANNELS__APPRISE_URL",
}
