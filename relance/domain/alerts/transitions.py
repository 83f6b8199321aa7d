"""How an alert moves between its states (SPEC A1): one table for the stored alert and for its delivery."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from relance.domain.alerts.model import HISTORY_KEPT, Alert, AlertEvent, AlertState, HistoryEntry

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
    alert: Alert,
    event: AlertEvent,
    at: datetime,
    *,
    by: str | None = None,
    detail: str | None = None,
    until: datetime | None = None,
) -> Alert:
    """Return the alert after an event, with it in its history; unchanged if the event means nothing any more.

    `until` is the end of a silence.
    """
    state = next_state(alert.state, event)
    if state is None:
        return alert
    entry = HistoryEntry(at=at, event=event, by=by, detail=detail)
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
