"""What a write to stored alerts looks like: each names what it was decided on, so that concurrent ones lose nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias

from pymongo import UpdateOne

from relance.adapters.mongo.documents import Raw, to_raw
from relance.domain.alerts.model import HISTORY_KEPT, AlertEvent, AlertRecord, AlertState, HistoryEntry, happened
from relance.ids import alert_id

OPEN = "open"
"""Stored while an alert is open, and never false: a partial index can ask for nothing but equality on every server."""

_SIGHTED = ("labels", "evidence", "observation", "severity")
_DECIDED = ("state", "resolved_at", "acknowledged_by", "silenced_until")

Identity: TypeAlias = tuple[datetime, AlertEvent, str | None]
"""What makes a history entry the same one: instant, event, detail."""


class AlertChange(NamedTuple):
    """An entry to apply; `until` is the end of a silence."""

    entry: HistoryEntry
    until: datetime | None = None


def stored(alert: AlertRecord) -> Raw:
    """Return an alert as it is stored."""
    return to_raw(alert) | ({OPEN: True} if alert.is_open else {})


def milliseconds(at: datetime) -> datetime:
    """Return an instant as MongoDB keeps it."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def identity(entry: HistoryEntry) -> Identity:
    """Return what identifies an entry of a history."""
    return entry.at, entry.event, entry.detail


def identities(alerts: Iterable[AlertRecord]) -> set[Identity]:
    """Return the identities of all entries in the histories of these alerts."""
    return {identity(entry) for alert in alerts for entry in alert.history}


def new_changes(alert: AlertRecord, changes: Iterable[AlertChange]) -> list[AlertChange]:
    """Return the changes that are not in an alert's history, each once, with instants as MongoDB keeps them."""
    known = identities([alert])
    # The oldest entries are dropped from a full history; what is older than all of it has been in it.
    forgotten = alert.history[0].at if len(alert.history) >= HISTORY_KEPT else None
    result = []
    for entry, until in changes:
        kept = entry.model_copy(update={"at": milliseconds(entry.at)})
        if identity(kept) not in known and (forgotten is None or kept.at >= forgotten):
            known.add(identity(kept))
            result.append(AlertChange(kept, milliseconds(until) if until else None))
    return result


def applied(alert: AlertRecord, changes: Iterable[AlertChange]) -> list[AlertRecord]:
    """Return what becomes of a key's newest alert, and the alerts that open after it, oldest first."""
    chain = [alert]
    for entry, until in changes:
        last = chain[-1]
        if entry.event is not AlertEvent.OPENED:
            more = {"by": entry.by, "detail": entry.detail, "via": entry.via}
            chain[-1] = happened(last, entry.event, entry.at, **more, until=until)
        elif last.resolved_at is not None and last.resolved_at <= entry.at:
            # An opening from before the alert resolved is that alert's own.
            chain.append(_anew(last, entry))
    return chain


def refresh(before: AlertRecord, after: AlertRecord) -> UpdateOne | None:
    """Return the write that stores what a check saw of an open alert; None if there is nothing new."""
    update = _differences(before, after, _SIGHTED)
    if not update:
        return None
    unmoved = {"_id": before.id, OPEN: True, "observation": before.observation, "severity": before.severity.value}
    return UpdateOne(unmoved, update)


def progress(before: AlertRecord, after: AlertRecord) -> UpdateOne | None:
    """Return the write that stores what happened to an alert; None if nothing did.

    It does not match once the alert is in another state, or has any of these entries already.
    """
    known = identities([before])
    entries = [to_raw(entry) for entry in after.history if identity(entry) not in known]
    if not entries:
        return None
    update = _differences(before, after, _DECIDED)
    if before.is_open and not after.is_open:
        update.setdefault("$unset", {})[OPEN] = ""
    update["$push"] = {"history": {"$each": entries, "$slice": -HISTORY_KEPT}}
    update["$max"] = {"updatedAt": after.updated_at}
    return UpdateOne(
        {"_id": before.id, "state": before.state.value, "$nor": [_has(entry) for entry in entries]}, update
    )


def _has(entry: Raw) -> Raw:
    return {"history": {"$elemMatch": {"at": entry["at"], "event": entry["event"], "detail": entry.get("detail")}}}


def _anew(last: AlertRecord, entry: HistoryEntry) -> AlertRecord:
    opening = {"fired_at": entry.at, "updated_at": entry.at, "history": (entry,)}
    nothing = dict.fromkeys(("resolved_at", "acknowledged_by", "silenced_until"))
    fresh = {"id": alert_id(last.key, entry.at), "state": AlertState.FIRING}
    return last.model_copy(update={**fresh, **opening, **nothing})


def _differences(before: AlertRecord, after: AlertRecord, fields: Sequence[str]) -> Raw:
    differing = {name for name in fields if getattr(before, name) != getattr(after, name)}
    values = after.model_dump(by_alias=True, exclude_none=True, include=differing)
    gone = _aliases(differing) - values.keys()
    return ({"$set": values} if values else {}) | ({"$unset": dict.fromkeys(sorted(gone), "")} if gone else {})


def _aliases(names: Collection[str]) -> set[str]:
    return {AlertRecord.model_fields[name].alias or name for name in names}
