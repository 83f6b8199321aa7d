"""Workflows that were ended by hand and are started again, in counts (SPEC R8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from relance.domain.alerts.delivery import NotificationKind
from relance.domain.alerts.group import AlertGroup, Member, News
from relance.domain.alerts.model import AlertEvent, AlertRecord, AlertState

SETTLED_AFTER = timedelta(minutes=10)
"""By then a process that writes to the database and then starts or signals a workflow has done both."""


class Restarted(StrEnum):
    """What was started again, and what can only be reported."""

    ALERT_GROUPS = "alert_groups_restarted"
    ROLLBACKS = "rollbacks_restarted"
    REPORTS = "reports_restarted"
    CYCLES_ENDED = "cycles_ended"
    CYCLES_LEFT = "cycles_left"


RESTARTED = (Restarted.ALERT_GROUPS, Restarted.ROLLBACKS, Restarted.REPORTS, Restarted.CYCLES_ENDED)


def restarted(counts: Mapping[str, int]) -> int:
    """Return how many workflows were started again in all."""
    return sum(counts.get(kind, 0) for kind in RESTARTED)


def group_of(group: str, alerts: Iterable[AlertRecord], at: datetime, inhibited_by: str | None = None) -> AlertGroup:
    """Return the state of a group whose workflow is gone, from the stored alerts; what was notified before is not
    notified anew.

    `alerts` are the open ones of the group. Repeats go on from the last message; what was never notified is news.
    """
    members = {alert.key: _member(alert) for alert in alerts}
    observation = max((member.observation for member in members.values()), default="")
    return replace(AlertGroup(group, at), members=members, observation=observation, inhibited_by=inhibited_by)


def _member(alert: AlertRecord) -> Member:
    sent = [entry for entry in alert.history if entry.event is AlertEvent.SENT]
    member = Member(
        severity=alert.severity,
        value=alert.evidence.value,
        state=alert.state,
        observation=alert.observation,
        silenced_until=alert.silenced_until if alert.state is AlertState.SILENCED else None,
    )
    if not sent:
        known = alert.state is AlertState.ACKNOWLEDGED
        return member if known else replace(member, news=News.FIRING, news_at=alert.fired_at)
    return replace(
        member,
        told_first=sent[0].at,
        told_at=sent[-1].at,
        told_value=alert.evidence.value,
        repeats=sum(entry.detail == NotificationKind.REPEAT for entry in sent),
        escalated=any(entry.detail == NotificationKind.ESCALATION for entry in sent),
    )
