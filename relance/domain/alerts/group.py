"""The state of one group of alerts, as its durable workflow carries it: keys, figures and instants only.

All instants are in UTC. The functions on it are in `observing` (what happens), `due` (what is to be said when) and
`actions` (what to do next).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer
from pydantic.dataclasses import dataclass as pydantic_dataclass

from relance.domain.alerts.model import AlertState
from relance.domain.alerts.policy import AlertPolicy
from relance.domain.failures import Severity


class News(StrEnum):
    """What people have not been notified of yet."""

    FIRING = "firing"
    WORSENED = "worsened"
    RESOLVED = "resolved"


@pydantic_dataclass(frozen=True, slots=True)
class Member:
    """One alert of a group and how far its delivery is.

    `away_since` is set while the condition is gone but not yet for long enough to count as resolved. `flips` are the
    newest changes between there and gone, at most as many as make an alert flapping. `told_at`, `told_value` are of the
    last message that named it, `told_first` of the first one of what is now going on. `held_until` is the end of the
    quiet hours that it waits for, or when it is tried again.
    """

    severity: Severity
    value: Decimal | None = None
    state: AlertState = AlertState.FIRING
    observation: str = ""
    news: News | None = None
    news_at: datetime | None = None
    away_since: datetime | None = None
    silenced_until: datetime | None = None
    told_first: datetime | None = None
    told_at: datetime | None = None
    told_value: Decimal | None = None
    repeats: int = 0
    escalated: bool = False
    flips: tuple[datetime, ...] = ()
    changes: int = 0
    flapping_since: datetime | None = None
    flapping_told: datetime | None = None
    held_until: datetime | None = None

    @model_serializer(mode="wrap")
    def _without_empty_fields(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # 5,000 members must fit into one Temporal payload (2 MB): 1.0 MB so, 1.8 MB with every field.
        return {name: value for name, value in write(self).items() if value}


@dataclass(frozen=True, slots=True)
class AlertCounts:
    """What a group did: alerts that fired and resolved, messages delivered, firings without a message of their own."""

    fired: int = 0
    delivered: int = 0
    suppressed: int = 0
    resolved: int = 0


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """The alerts that share their messages: those of one rule.

    `messages` are the instants of the newest messages, at most as many as one interval may have; `sequence` numbers
    them, `sequences` those of each route. `observation` names the newest check run; `inhibited_by` is the open rule
    that explains this one away.
    """

    group: str
    opened_at: datetime
    members: Mapping[str, Member] = field(default_factory=dict)
    observation: str = ""
    inhibited_by: str | None = None
    messages: tuple[datetime, ...] = ()
    sequence: int = 0
    sequences: Mapping[str, int] = field(default_factory=dict)
    counts: AlertCounts = AlertCounts()

    def with_members(self, changed: Mapping[str, Member]) -> AlertGroup:
        """Return the group with these members added or replaced."""
        return replace(self, members={**self.members, **changed}) if changed else self

    def counted(self, *, fired: int = 0, delivered: int = 0, suppressed: int = 0, resolved: int = 0) -> AlertGroup:
        """Return the group with these added to its counts."""
        old = self.counts
        return replace(
            self,
            counts=AlertCounts(
                old.fired + fired, old.delivered + delivered, old.suppressed + suppressed, old.resolved + resolved
            ),
        )


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
    """Return when people are notified that the alert is flapping: at once, then once per digest."""
    if member.flapping_since is None:
        return None
    if member.flapping_told is None:
        return policy.news_due(member.severity, member.flapping_since)
    return member.flapping_told + policy.flap_digest
