"""An alert: a condition that fires, may repeat, is acknowledged or silenced, and resolves (SPEC A1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, StringConstraints

from relance.domain.base import Document, Utc
from relance.domain.failures import Severity
from relance.domain.zones import Window

HISTORY_KEPT = 200
"""Newest entries kept per alert: a flapping one must not grow without end."""

Amount = Annotated[Decimal, PlainSerializer(str, return_type=str)]
"""An exact figure; stored as text, because BSON's numbers are not Python's."""

RuleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,63}$")]


class Rule(StrEnum):
    """The rules with texts of their own; other rules are shown by their name."""

    DEFAULT_LP = "default-lp"
    PAUSED_PARTNER = "paused-partner"
    NO_DATA = "no-data"
    EVERFLOW_DOWN = "everflow-down"
    CYCLE_IMBALANCE = "cycle-imbalance"
    CYCLE_STOPPED = "cycle-stopped"
    CYCLE_LEFT = "cycle-left"
    CYCLE_WAVES = "cycle-waves"
    PLANS_UNREADABLE = "plans-unreadable"
    TOO_LATE = "too-late"
    NOBODY = "cycle-wrote-to-nobody"
    SEND_TIMES = "send-times-invalid"
    MONGODB = "mongodb-unhealthy"
    MAIL_RELAY = "mail-relay-unhealthy"
    TEMPORAL = "temporal-unhealthy"
    QUEUES = "task-backlog"
    WORKERS = "workers-missing"
    STUCK = "workflows-stuck"
    MISSED_ACTIONS = "schedule-missed"
    BREAKERS = "breaker-open"
    MEMORY = "worker-memory"
    DATABASE_DISK = "database-disk"
    WORKER_DISK = "worker-disk"
    OVERDUE = "reminders-overdue"
    FOLLOW_UPS = "follow-ups-missing"
    JOB_RUNS = "jobs-stale"
    PERIOD = "period-uncovered"
    DOCUMENTS = "documents-unreadable"
    OUTBOX = "outbox-behind"
    INTAKE = "mail-intake-unhealthy"
    PERFORMANCE = "performance"
    RECONCILIATION = "reconciliation"
    JOB_MISSED = "job-missed"


class AlertState(StrEnum):
    """The state of an alert. `resolved` is final: a condition that comes back opens a new alert."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    RESOLVED = "resolved"


class AlertEvent(StrEnum):
    """The events of an alert; its history holds all of them."""

    OPENED = "opened"
    SEEN_AGAIN = "seen_again"
    WORSENED = "worsened"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    SILENCE_ENDED = "silence_ended"
    RESOLVED = "resolved"
    SENT = "sent"
    SUPPRESSED = "suppressed"


class AlertSuppression(StrEnum):
    """Why a firing caused no message of its own."""

    UNCHANGED = "unchanged"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    INHIBITED = "inhibited"
    FLAPPING = "flapping"
    QUIET_HOURS = "quiet_hours"


class Evidence(Document):
    """Why an alert fired: `value` compared with `threshold`, in the windows it was measured in (local days and UTC).

    `baseline` and `current` are what `value` was computed from, where it is a comparison; money is in `currency`.
    """

    value: Amount | None = None
    threshold: Amount | None = None
    baseline: Amount | None = None
    current: Amount | None = None
    currency: str | None = None
    window: Window | None = None
    baseline_window: Window | None = None


class HistoryEntry(Document):
    """One thing that happened; `by` is a person, `via` where that person decided it (console, slack).

    `detail` is a code or a person's reason.
    """

    at: Utc
    event: AlertEvent
    by: str | None = None
    detail: str | None = None
    via: str | None = None


class AlertRecord(Document):
    """One alert; among the open ones there is one per key.

    `subject` are the ids the alert is about, `labels` what people know them by. `observation` names the run that saw it
    last. `fired_at` is when it opened.
    """

    id: str = Field(alias="_id")
    key: str
    group: str
    rule: RuleName
    subject: str
    severity: Severity
    labels: dict[str, str] = Field(default_factory=dict)
    evidence: Evidence = Evidence()
    state: AlertState = AlertState.FIRING
    observation: str = ""
    fired_at: Utc
    updated_at: Utc
    resolved_at: Utc | None = None
    acknowledged_by: str | None = None
    silenced_until: Utc | None = None
    history: tuple[HistoryEntry, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether the condition is still there."""
        return self.state is not AlertState.RESOLVED


_S, _E = AlertState, AlertEvent
_STAY = {_S.FIRING: _S.FIRING, _S.ACKNOWLEDGED: _S.ACKNOWLEDGED, _S.SILENCED: _S.SILENCED}

TRANSITIONS: Mapping[AlertEvent, Mapping[AlertState, AlertState]] = {
    _E.OPENED: {},
    _E.SEEN_AGAIN: _STAY,
    # Who acknowledged a smaller problem has not acknowledged this one; a silence holds, however bad it gets.
    _E.WORSENED: {**_STAY, _S.ACKNOWLEDGED: _S.FIRING},
    _E.ACKNOWLEDGED: dict.fromkeys(_STAY, _S.ACKNOWLEDGED),
    _E.SILENCED: dict.fromkeys(_STAY, _S.SILENCED),
    _E.SILENCE_ENDED: {_S.SILENCED: _S.FIRING},
    _E.RESOLVED: dict.fromkeys(_STAY, _S.RESOLVED),
    # A message may be recorded after the alert resolved.
    _E.SENT: {**_STAY, _S.RESOLVED: _S.RESOLVED},
    _E.SUPPRESSED: _STAY,
}


def next_state(state: AlertState, event: AlertEvent) -> AlertState | None:
    """Return the state after an event; None if the event means nothing in this state."""
    return TRANSITIONS[event].get(state)


def happened(
    alert: AlertRecord,
    event: AlertEvent,
    at: datetime,
    *,
    by: str | None = None,
    detail: str | None = None,
    via: str | None = None,
    until: datetime | None = None,
) -> AlertRecord:
    """Return the alert after an event, with it in its history; unchanged if the event means nothing any more.

    `until` is the end of a silence.
    """
    state = next_state(alert.state, event)
    if state is None:
        return alert
    entry = HistoryEntry(at=at, event=event, by=by, detail=detail, via=via)
    changes: dict[str, Any] = {
        "state": state,
        "updated_at": entry.at,
        "history": (*alert.history, entry)[-HISTORY_KEPT:],
        "silenced_until": alert.silenced_until if state is AlertState.SILENCED else None,
    }
    if event is AlertEvent.SILENCED:
        changes["silenced_until"] = until
    if event is AlertEvent.ACKNOWLEDGED:
        changes["acknowledged_by"] = by
    if event is AlertEvent.RESOLVED:
        changes["resolved_at"] = entry.at
    return alert.model_copy(update=changes)
