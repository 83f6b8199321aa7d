"""What the passing of time alone does to a group: silences end, conditions resolve, flapping calms down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from relance.domain.alerts.flapping import calm_at, calmed
from relance.domain.alerts.group import AlertGroup, Member, News
from relance.domain.alerts.model import AlertEvent, AlertState
from relance.domain.alerts.observing import Happening, Step
from relance.domain.alerts.policy import AlertPolicy


def settled(group: AlertGroup, now: datetime, policy: AlertPolicy) -> Step:
    """Return the group as it is at this instant; the same for the same instant, however often it is asked."""
    members: dict[str, Member] = {}
    happenings: list[Happening] = []
    for key, member in group.members.items():
        later, events = _later(member, now, policy)
        happenings += (Happening(key, event) for event in events)
        if not _forgotten(later, now, policy):
            members[key] = later
    resolved = sum(one.event is AlertEvent.RESOLVED for one in happenings)
    return Step(replace(group, members=members).counted(resolved=resolved), tuple(happenings))


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
    # In the order of time, as far as it matters: what resolved under a silence is not told after it.
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
        # Acknowledged before it was told, then silenced: nobody knows that it is firing.
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
