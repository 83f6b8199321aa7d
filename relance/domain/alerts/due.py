"""What is to be said about one alert next, and when (SPEC A2, A3)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from relance.domain.alerts.flapping import flap_due
from relance.domain.alerts.group import AlertGroup, Member, News
from relance.domain.alerts.model import AlertState
from relance.domain.alerts.policy import AlertPolicy

_QUIET = {AlertState.ACKNOWLEDGED, AlertState.SILENCED}


class Telling(StrEnum):
    """The kinds of messages, the most urgent first."""

    ESCALATION = "escalation"
    FIRING = "firing"
    WORSENED = "worsened"
    REPEAT = "repeat"
    FLAPPING = "flapping"
    RESOLVED = "resolved"
    DIGEST = "digest"


class Due(NamedTuple):
    """Something to be said, and when."""

    at: datetime
    telling: Telling


_NEWS = {News.FIRING: Telling.FIRING, News.WORSENED: Telling.WORSENED, News.RESOLVED: Telling.RESOLVED}


def due(group: AlertGroup, member: Member, policy: AlertPolicy) -> Due | None:
    """Return the next thing to be said about a settled member; None if there is none until something happens."""
    if group.inhibited_by is not None or member.state in _QUIET:
        return None
    found = _flapping(member, policy) if member.flapping_since is not None else _ordinary(group, member, policy)
    if found is not None and member.held_until is not None:
        found = found._replace(at=max(found.at, member.held_until))
    if found is not None and policy.pace(member.severity).daily:
        if not policy.low_by_rule:
            return None
        return Due(found.at, Telling.DIGEST)
    return found


def _flapping(member: Member, policy: AlertPolicy) -> Due | None:
    at = flap_due(member, policy)
    return Due(at, Telling.FLAPPING) if at is not None else None


def _ordinary(group: AlertGroup, member: Member, policy: AlertPolicy) -> Due | None:
    if member.news is not None and member.news_at is not None:
        if member.news is not News.RESOLVED and member.away_since is not None:
            # It may be over already: what is told next depends on whether it comes back.
            return None
        at = policy.news_due(member.severity, member.news_at)
        if group.messages and member.news_at - group.messages[-1] < policy.interval:
            at = max(at, member.news_at + policy.group_wait)
        return Due(at, _NEWS[member.news])
    if member.state is not AlertState.FIRING or member.away_since is not None:
        return None
    return min(_reminders(member, policy), default=None)


def _reminders(member: Member, policy: AlertPolicy) -> list[Due]:
    pace = policy.pace(member.severity)
    reminders = []
    if pace.escalate is not None and member.told_first is not None and not member.escalated:
        reminders.append(Due(member.told_first + pace.escalate, Telling.ESCALATION))
    if (
        pace.repeat is not None
        and member.told_at is not None
        and policy.repeats_left(member.severity, member.state, member.repeats)
    ):
        reminders.append(Due(member.told_at + pace.repeat, Telling.REPEAT))
    return reminders
