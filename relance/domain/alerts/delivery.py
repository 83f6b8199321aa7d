"""Which message of a group is due, when, and what follows from its delivery (SPEC A2, A3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from relance.domain.alerts.group import AlertGroup, Member, News, flap_due
from relance.domain.alerts.lifecycle import HistoryEvent, LifecycleStep, changes_at, settled
from relance.domain.alerts.model import AlertEvent, AlertState
from relance.domain.alerts.policy import AlertPolicy

_QUIET = {AlertState.ACKNOWLEDGED, AlertState.SILENCED}


class NotificationKind(StrEnum):
    """The kinds of messages, the most urgent first."""

    ESCALATION = "escalation"
    FIRING = "firing"
    WORSENED = "worsened"
    REPEAT = "repeat"
    FLAPPING = "flapping"
    RESOLVED = "resolved"
    DIGEST = "digest"


class DueMessage(NamedTuple):
    """A message that is due, and when."""

    at: datetime
    telling: NotificationKind


_NEWS = {
    News.FIRING: NotificationKind.FIRING,
    News.WORSENED: NotificationKind.WORSENED,
    News.RESOLVED: NotificationKind.RESOLVED,
}


def due(group: AlertGroup, member: Member, policy: AlertPolicy) -> DueMessage | None:
    """Return the next thing to be said about a settled member; None if there is none until something happens."""
    if group.inhibited_by is not None or member.state in _QUIET:
        return None
    found = _flapping(member, policy) if member.flapping_since is not None else _ordinary(group, member, policy)
    if found is not None and member.held_until is not None:
        found = found._replace(at=max(found.at, member.held_until))
    if found is not None and policy.pace(member.severity).daily:
        if not policy.low_by_rule:
            return None
        return DueMessage(found.at, NotificationKind.DIGEST)
    return found


def _flapping(member: Member, policy: AlertPolicy) -> DueMessage | None:
    at = flap_due(member, policy)
    return DueMessage(at, NotificationKind.FLAPPING) if at is not None else None


def _ordinary(group: AlertGroup, member: Member, policy: AlertPolicy) -> DueMessage | None:
    if member.news is not None and member.news_at is not None:
        if member.news is not News.RESOLVED and member.away_since is not None:
            # It may be over already: what is notified next depends on whether it comes back.
            return None
        at = policy.news_due(member.severity, member.news_at)
        if group.messages and member.news_at - group.messages[-1] < policy.interval:
            at = max(at, member.news_at + policy.group_wait)
        return DueMessage(at, _NEWS[member.news])
    if member.state is not AlertState.FIRING or member.away_since is not None:
        return None
    return min(_reminders(member, policy), default=None)


def _reminders(member: Member, policy: AlertPolicy) -> list[DueMessage]:
    pace = policy.pace(member.severity)
    reminders = []
    if pace.escalate is not None and member.told_first is not None and not member.escalated:
        reminders.append(DueMessage(member.told_first + pace.escalate, NotificationKind.ESCALATION))
    if (
        pace.repeat is not None
        and member.told_at is not None
        and policy.repeats_left(member.severity, member.state, member.repeats)
    ):
        reminders.append(DueMessage(member.told_at + pace.repeat, NotificationKind.REPEAT))
    return reminders


class Route(StrEnum):
    """The stage of a route: the ordinary channel with its fallbacks, or the next channel."""

    FIRST = "first"
    SECOND = "second"


class MessageLine(NamedTuple):
    """One alert of a message, with the value the message shows."""

    key: str
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Deliver:
    """Send one message about these alerts now; the same `sequence` means the same message (SPEC A6)."""

    telling: NotificationKind
    lines: tuple[MessageLine, ...]
    routes: tuple[Route, ...]
    sequence: int
    at: datetime

    @property
    def keys(self) -> tuple[str, ...]:
        """The alerts."""
        return tuple(line.key for line in self.lines)


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing until then, unless something happens before."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Idle:
    """Wait until something happens: nothing is due at any time."""


@dataclass(frozen=True, slots=True)
class Done:
    """The group is empty: all alerts are resolved and notified."""


Action: TypeAlias = Deliver | Wait | Idle | Done

_MERGED = {NotificationKind.FIRING, NotificationKind.WORSENED}


def next_action(group: AlertGroup, now: datetime, policy: AlertPolicy) -> Action:
    """Return what to do at this instant; call it again after each thing that happened and each wait."""
    group = settled(group, now, policy).group
    if not group.members:
        return Done()
    dues = {key: found for key, member in group.members.items() if (found := due(group, member, policy))}
    ready = {found.telling for found in dues.values() if found.at <= now}
    if ready:
        free = _free_at(group, policy)
        return _message(group, dues, ready, now) if free is None or free <= now else Wait(free)
    instants = [found.at for found in dues.values()]
    instants += (at for member in group.members.values() for at in changes_at(member, policy))
    return Wait(min(instants)) if instants else Idle()


def delivered(group: AlertGroup, action: Deliver, now: datetime, policy: AlertPolicy, route: str = "") -> LifecycleStep:
    """Return the group after a message went out; what happened since it was written is still to be notified.

    `route` is the one it went by, where there are several: each numbers its own messages.
    """
    notified = {
        line.key: _notified(group.members[line.key], line, action, now)
        for line in action.lines
        if line.key in group.members
    }
    # What goes out by several routes at once is one message to each of their readers.
    together = bool(route) and group.messages[-1:] == (now,)
    group = replace(
        group.with_members(notified).counted(delivered=1),
        messages=group.messages if together else (*group.messages, now)[-policy.most_messages :],
        sequence=group.sequence + 1 if route else action.sequence + 1,
        sequences={**group.sequences, route: action.sequence + 1} if route else group.sequences,
    )
    return LifecycleStep(group, tuple(HistoryEvent(line.key, AlertEvent.SENT, action.telling) for line in action.lines))


def _free_at(group: AlertGroup, policy: AlertPolicy) -> datetime | None:
    if len(group.messages) < policy.most_messages:
        return None
    return group.messages[-policy.most_messages] + policy.interval


def _message(group: AlertGroup, dues: dict[str, DueMessage], ready: set[NotificationKind], now: datetime) -> Deliver:
    telling = next(kind for kind in NotificationKind if kind in ready)
    together = _MERGED if telling in _MERGED else {telling}
    # Whatever is to be said in the same words soon goes along: fewer messages, and none of it is early news.
    keys = [key for key, found in dues.items() if found.telling in together]
    if any(dues[key].telling is NotificationKind.FIRING for key in keys):
        telling = NotificationKind.FIRING
    return Deliver(
        telling=telling,
        lines=tuple(MessageLine(key, group.members[key].value) for key in keys),
        routes=routes_for(telling, [group.members[key] for key in keys]),
        sequence=group.sequence,
        at=now,
    )


def routes_for(telling: NotificationKind, members: Iterable[Member]) -> tuple[Route, ...]:
    """Return to whom a message about these alerts goes."""
    if telling is NotificationKind.ESCALATION:
        return (Route.SECOND,)
    return (Route.FIRST, Route.SECOND) if any(member.escalated for member in members) else (Route.FIRST,)


def _notified(member: Member, line: MessageLine, action: Deliver, now: datetime) -> Member:
    if action.telling is NotificationKind.ESCALATION:
        return replace(member, escalated=True)
    newer = member.news_at is not None and member.news_at > action.at
    member = replace(
        member,
        news=member.news if newer else None,
        told_at=now,
        told_value=line.value,
        repeats=member.repeats + (action.telling is NotificationKind.REPEAT),
        held_until=None,
    )
    if action.telling in _MERGED and member.told_first is None:
        member = replace(member, told_first=now)
    if member.flapping_since is not None and action.telling in {NotificationKind.FLAPPING, NotificationKind.DIGEST}:
        member = replace(member, flapping_told=now, changes=0)
    return member
