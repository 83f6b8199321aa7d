"""Alerts that come and go: noticed by how often they change, and told in a digest (SPEC A3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from relance.domain.alerts.group import Member, News
from relance.domain.alerts.model import AlertState
from relance.domain.alerts.policy import AlertPolicy


def flipped(member: Member, now: datetime, policy: AlertPolicy) -> Member:
    """Return the member after one more change between there and gone."""
    flips = (*member.flips, now)[-policy.flaps :]
    many = len(flips) == policy.flaps and now - flips[0] <= policy.flap_window
    since = member.flapping_since or (now if many else None)
    return replace(member, flips=flips, changes=member.changes + 1, flapping_since=since)


def calm_at(member: Member, policy: AlertPolicy) -> datetime:
    """Return when a flapping alert counts as calm if nothing changes any more."""
    return member.flips[-1] + policy.flap_calm


def calmed(member: Member, policy: AlertPolicy) -> Member:
    """Return the member after it kept still: where it came to rest is news."""
    resolved = member.state is AlertState.RESOLVED
    news = News.RESOLVED if resolved else News.FIRING
    tell = member.state in {AlertState.FIRING, AlertState.RESOLVED} and member.told_at is not None
    return replace(
        member,
        news=news if tell else member.news,
        news_at=calm_at(member, policy) if tell else member.news_at,
        flips=(),
        changes=0,
        flapping_since=None,
        flapping_told=None,
    )


def flap_due(member: Member, policy: AlertPolicy) -> datetime | None:
    """Return when people are told that the alert is flapping: at once, then once per digest."""
    if member.flapping_since is None:
        return None
    if member.flapping_told is None:
        return policy.news_due(member.severity, member.flapping_since)
    return member.flapping_told + policy.flap_digest
