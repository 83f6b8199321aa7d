"""The lifecycle of an alert in its group: it fires, repeats, is acknowledged or silenced, resolves (SPEC A2, A3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from relance.domain.alerts.group import AlertGroup, Member, News, calm_at, calmed, flipped
from relance.domain.alerts.model import AlertEvent, AlertState, AlertSuppression, next_state
from relance.domain.alerts.policy import AlertPolicy
from relance.domain.failures import Severity

_RANK = {severity: rank for rank, severity in enumerate(reversed(Severity))}


@dataclass(frozen=True, slots=True)
class Firing:
    """A condition that a check saw; a higher `value` is worse, None means that it has no degrees."""

    key: str
    severity: Severity
    value: Decimal | None = None


class HistoryEvent(NamedTuple):
    """What to write into an alert's history."""

    key: str
    event: AlertEvent
    detail: str | None = None


class LifecycleStep(NamedTuple):
    """A group after an event, and the changes of its alerts."""

    group: AlertGroup
    happenings: tuple[HistoryEvent, ...] = ()


def observed(
    group: AlertGroup, firings: Sequence[Firing], observation: str, now: datetime, policy: AlertPolicy
) -> LifecycleStep:
    """Take the whole result of one check run: what it does not name is gone.

    `observation` orders the runs (the nominal time as ISO text in UTC). A run older than one already taken changes
    nothing: what it says has been overtaken.
    """
    if observation < group.observation:
        return LifecycleStep(group)
    group = replace(group, observation=observation)
    fired = fire(group, firings, now, policy, observation)
    gone = clear(fired.group, fired.group.members.keys() - {firing.key for firing in firings}, now, policy)
    return LifecycleStep(gone.group, fired.happenings)


def fire(
    group: AlertGroup, firings: Iterable[Firing], now: datetime, policy: AlertPolicy, observation: str = ""
) -> LifecycleStep:
    """Take conditions that are there; the ones not named stay as they are."""
    changed: dict[str, Member] = {}
    happenings: list[HistoryEvent] = []
    for firing in firings:
        old = changed.get(firing.key) or group.members.get(firing.key)
        if old is None or old.state is AlertState.RESOLVED:
            member = _opened(firing, old, now, policy, observation)
            happenings.append(HistoryEvent(firing.key, AlertEvent.OPENED))
        else:
            member = _seen_again(firing, old, now, policy, observation)
            worse = member.news is News.WORSENED and old.news is None
            happenings.append(HistoryEvent(firing.key, AlertEvent.WORSENED if worse else AlertEvent.SEEN_AGAIN))
        changed[firing.key] = member
        reason = _suppression(group, member, now, policy)
        if reason:
            happenings.append(HistoryEvent(firing.key, AlertEvent.SUPPRESSED, reason))
    count = {event: sum(entry.event is event for entry in happenings) for event in AlertEvent}
    group = group.with_members(changed).counted(fired=count[AlertEvent.OPENED], suppressed=count[AlertEvent.SUPPRESSED])
    return LifecycleStep(group, tuple(happenings))


def clear(group: AlertGroup, keys: Collection[str], now: datetime, policy: AlertPolicy) -> LifecycleStep:
    """Take conditions that are gone; they resolve when they stay away for the policy's hold."""
    gone = {
        key: flipped(replace(member, away_since=now), now, policy)
        for key, member in group.members.items()
        if key in keys and member.state is not AlertState.RESOLVED and member.away_since is None
    }
    return LifecycleStep(group.with_members(gone))


def acknowledge(group: AlertGroup, keys: Collection[str]) -> LifecycleStep:
    """Take that a person looks after these alerts: no repeat, no escalation, until they worsen."""
    return _decided(group, keys, AlertEvent.ACKNOWLEDGED, None)


def silence(group: AlertGroup, keys: Collection[str], until: datetime) -> LifecycleStep:
    """Take that nobody wants to hear of these alerts until then."""
    return _decided(group, keys, AlertEvent.SILENCED, until)


def hold(group: AlertGroup, held: Mapping[str, datetime], now: datetime) -> LifecycleStep:
    """Hold these alerts back until the end of their quiet hours."""
    before = {key: group.members[key] for key in held if key in group.members}
    changed = {key: replace(member, held_until=held[key]) for key, member in before.items()}
    newly = [key for key, member in before.items() if member.held_until is None or member.held_until <= now]
    group = group.with_members(changed).counted(suppressed=len(newly))
    return LifecycleStep(
        group, tuple(HistoryEvent(key, AlertEvent.SUPPRESSED, AlertSuppression.QUIET_HOURS) for key in newly)
    )


def put_off(group: AlertGroup, keys: Collection[str], until: datetime) -> AlertGroup:
    """Return the group with these alerts due then: none of their channels took the message."""
    return group.with_members(
        {key: replace(group.members[key], held_until=until) for key in keys if key in group.members}
    )


def inhibit(group: AlertGroup, by: str | None) -> AlertGroup:
    """Return the group held back by an open alert that explains it away, or released again."""
    return replace(group, inhibited_by=by)


def _opened(firing: Firing, old: Member | None, now: datetime, policy: AlertPolicy, observation: str) -> Member:
    member = Member(firing.severity, firing.value, observation=observation, news=News.FIRING, news_at=now)
    if old is None:
        return member
    kept = replace(
        member,
        flips=old.flips,
        changes=old.changes,
        flapping_since=old.flapping_since,
        flapping_told=old.flapping_told,
    )
    return flipped(kept, now, policy)


def _seen_again(firing: Firing, old: Member, now: datetime, policy: AlertPolicy, observation: str) -> Member:
    rerun = bool(observation) and observation == old.observation
    rose = _RANK[firing.severity] > _RANK[old.severity]
    member = replace(
        old if old.away_since is None else flipped(replace(old, away_since=None), now, policy),
        severity=firing.severity if rose else old.severity,
        value=firing.value,
        observation=observation,
        repeats=old.repeats if rerun else 0,
        # What is more severe may have another route, and critical alerts wait for nothing.
        held_until=None if rose else old.held_until,
    )
    if old.told_at is None or old.news is not None or not (rose or policy.worse(firing.value, old.told_value)):
        return member
    state = next_state(old.state, AlertEvent.WORSENED)
    if state is not AlertState.FIRING:
        return member
    return replace(member, state=state, news=News.WORSENED, news_at=now, told_first=None, escalated=False)


def _suppression(group: AlertGroup, member: Member, now: datetime, policy: AlertPolicy) -> AlertSuppression | None:
    if group.inhibited_by is not None:
        return AlertSuppression.INHIBITED
    if member.state is AlertState.SILENCED:
        return AlertSuppression.SILENCED
    if member.state is AlertState.ACKNOWLEDGED:
        return AlertSuppression.ACKNOWLEDGED
    if member.flapping_since is not None:
        return AlertSuppression.FLAPPING
    repeat = policy.pace(member.severity).repeat
    repeats_now = (
        repeat is not None
        and member.told_at is not None
        and member.told_at + repeat <= now
        and policy.repeats_left(member.severity, member.state, member.repeats)
    )
    return None if repeats_now or member.news_at == now else AlertSuppression.UNCHANGED


def _decided(group: AlertGroup, keys: Collection[str], event: AlertEvent, until: datetime | None) -> LifecycleStep:
    changed = {}
    for key, member in group.members.items():
        state = next_state(member.state, event)
        if key in keys and state is not None:
            # A person who acknowledges knows of the alert, so nothing is left to notify. A silence only postpones.
            news = None if event is AlertEvent.ACKNOWLEDGED else member.news
            changed[key] = replace(member, state=state, silenced_until=until, news=news)
    return LifecycleStep(group.with_members(changed), tuple(HistoryEvent(key, event) for key in changed))


def settled(group: AlertGroup, now: datetime, policy: AlertPolicy) -> LifecycleStep:
    """Return the group as it is at this instant; the same for the same instant, however often it is asked."""
    members: dict[str, Member] = {}
    happenings: list[HistoryEvent] = []
    for key, member in group.members.items():
        later, events = _later(member, now, policy)
        happenings += (HistoryEvent(key, event) for event in events)
        if not _forgotten(later, now, policy):
            members[key] = later
    resolved = sum(entry.event is AlertEvent.RESOLVED for entry in happenings)
    return LifecycleStep(replace(group, members=members).counted(resolved=resolved), tuple(happenings))


def changes_at(member: Member, policy: AlertPolicy) -> Iterator[datetime]:
    """Yield the instants at which time alone changes something about a settled member."""
    if member.silenced_until is not None:
        yield member.silenced_until
    if member.state is not AlertState.RESOLVED and member.away_since is not None:
        yield member.away_since + policy.resolve_hold
    if member.flapping_since is not None:
        yield calm_at(member, policy)
    elif member.state is AlertState.RESOLVED and member.news is None and member.flips:
        yield member.flips[-1] + policy.flap_window


def _later(member: Member, now: datetime, policy: AlertPolicy) -> tuple[Member, list[AlertEvent]]:
    events = []
    # In the order of time, as far as it matters: what resolved under a silence is not notified after it.
    if member.state is not AlertState.RESOLVED and member.away_since is not None:
        gone = member.away_since + policy.resolve_hold
        if gone <= now:
            silenced = member.silenced_until is not None and member.silenced_until > gone
            tell = member.told_at is not None and not silenced
            member = replace(
                member,
                state=AlertState.RESOLVED,
                news=News.RESOLVED if tell else None,
                news_at=gone if tell else None,
                silenced_until=None,
            )
            events.append(AlertEvent.RESOLVED)
    if member.silenced_until is not None and member.silenced_until <= now:
        # Acknowledged before it was notified, then silenced: nobody knows that it is firing.
        untold = member.told_at is None and member.news is None
        member = replace(
            member,
            state=AlertState.FIRING,
            news=News.FIRING if untold else member.news,
            news_at=member.silenced_until if untold else member.news_at,
            silenced_until=None,
        )
        events.append(AlertEvent.SILENCE_ENDED)
    if member.flapping_since is not None and calm_at(member, policy) <= now:
        member = calmed(member, policy)
    return member, events


def _forgotten(member: Member, now: datetime, policy: AlertPolicy) -> bool:
    # A resolved alert is remembered for as long as its coming back would count as flapping.
    if member.state is not AlertState.RESOLVED or member.news is not None or member.flapping_since is not None:
        return False
    return not member.flips or member.flips[-1] + policy.flap_window <= now
