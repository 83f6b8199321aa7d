"""Documents that cannot be read: what is wrong with each, what it costs, and what to do about it (SPEC section 2).

Only names of our own fields, codes and ids are shown. A value, or an id that may be a value, stays in the database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from relance.domain.base import is_period
from relance.domain.cycle.send_times import period_window
from relance.domain.sentences import Sentence

ENDED_UNREADABLE = "ended_unreadable"
"""The fault of a plan that can be read again after it was ended; its user gets no invitation as long as it is there."""

APPLICATION = ("users", "contacts")
"""The collections that the web application writes."""

PLANS, INVITATIONS = "plans", "invitations"
MARK = "~"
"""What a name begins with that is no id."""

SETTLES = timedelta(days=7)
"""How long after a period's end its plans may still be sent."""

_OF_PEOPLE = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
_OURS = re.compile(r"^[A-Za-z0-9_.:/@~%+-]{1,200}$")


@dataclass(frozen=True, slots=True)
class DocumentFault:
    """What is wrong with one field, as a code; `field` is the path to it, `?` where its name is not one of ours."""

    field: str
    code: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """One document that cannot be read.

    `key` is unique among all of them. `name` is how people name it: its id where that has the form of one, else `~`
    and a token. `user` is whose it is, `period` the month it belongs to, where they are known. `seen` counts the
    refusals between `at` and `seen_at`.
    """

    key: str
    collection: str
    name: str
    faults: tuple[DocumentFault, ...]
    at: datetime
    seen_at: datetime
    seen: int = 1
    user: str | None = None
    period: str | None = None

    @property
    def named_by_token(self) -> bool:
        """Whether the id is not shown, because it could be an address or a name."""
        return self.name.startswith(MARK)


@dataclass(frozen=True, slots=True)
class QuarantineCount:
    """How many documents of a collection cannot be read, and when the newest of them was found."""

    count: int
    newest: datetime


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What became of documents that were read again: those that left, and those that are still broken."""

    healed: tuple[SetAside, ...] = ()
    broken: tuple[SetAside, ...] = ()


def shown_name(collection: str, text: str, token: str) -> str:
    """Return how people name a document: its id, or the token where the id has not the form of one."""
    form = _OF_PEOPLE if collection in APPLICATION else _OURS
    return text if form.match(text) else f"{MARK}{token}"


def faults_of(reason: str) -> tuple[DocumentFault, ...]:
    """Return the faults that a stored reason lists."""
    parts = [fault.partition(": ") for fault in reason.split(", ") if fault]
    return tuple(DocumentFault(field, code or "unusable") for field, _, code in parts)


def listed(counts: Mapping[str, int]) -> str:
    """Return counts by collection as people read them: `contacts 2, users 1`."""
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count)


def is_over(period: str, now: datetime) -> bool:
    """Return whether nothing of a period is sent any more."""
    return is_period(period) and now > period_window(period)[1] + SETTLES


def fault_words(fault: DocumentFault) -> str:
    """Return what a fault means."""
    return _MEANING.get(fault.code) or next((words for part, words in _KINDS.items() if part in fault.code), _OTHER)


def faults_line(document: SetAside) -> str:
    """Return the faults of a document on one line."""
    return "; ".join(fault_lines(document))


def fault_lines(document: SetAside) -> list[str]:
    """Return what is wrong with each field of a document."""
    return [
        Sentence("{field} {is_wrong} ({code})", field=fault.field, is_wrong=fault_words(fault), code=fault.code)
        for fault in document.faults
    ]


def remedy(document: SetAside) -> str:
    """Return what to do about a document."""
    codes = {fault.code for fault in document.faults}
    if document.collection == PLANS:
        return Sentence(
            "mend whoever wrote it; `starter.py quarantine retry` has the plan written anew while its period is open"
        )
    if document.collection == "cycleControls":
        return Sentence(
            "delete the document, then say again what holds: `starter.py cycle pause PERIOD`, `cycle resume PERIOD`"
        )
    if document.collection not in APPLICATION:
        return Sentence(
            "this collection is Relance's own: find out who else writes to it, then mend or delete the document"
        )
    if any(fault.field == "_id" for fault in document.faults):
        return Sentence(
            "an id has at most 64 letters, digits, `_` and `-`: store the document under another one, delete this one"
        )
    if "not_utf8" in codes:
        return Sentence("write the text of the field again as UTF-8, then `starter.py quarantine retry`")
    fields = ", ".join(dict.fromkeys(fault.field for fault in document.faults))
    return Sentence("mend {fields} in the application, then `starter.py quarantine retry`", fields=fields)


def cost(document: SetAside, now: datetime) -> str:
    """Return what it costs that a document cannot be read."""
    if document.collection == PLANS:
        period = document.period or Sentence("its period")
        if document.period is not None and is_over(document.period, now):
            return Sentence("the user may have got no invitation in {period}, which is over", period=period)
        return Sentence("the user gets no invitation in {period}", period=period)
    return _COSTS.get(document.collection) or Sentence("it is passed over")


_COSTS = {
    "users": "the user is not planned, and his contacts get no invitation and no reminder",
    "contacts": "the contact gets no invitation and no reminder; the user's other contacts do",
    "invitations": "its reminders are not sent and its events are not taken",
    "alerts": "the alert is not shown; its condition opens a new one when it is seen again",
    "silences": "the silence does not hold",
    "jobRuns": "the run is missing from reports, and counts as not recorded",
    "cycleControls": "its cycle is paused, unless the field `state` can be read: that holds",
    "errorGates": "the error gate has begun to count anew, with a canary",
    "restores": "nobody knows of the last restore: what was sent after the backup is not looked up",
}
_OTHER = "is not of the kind that belongs there"
_MEANING = {
    "not_utf8": "holds bytes that are no UTF-8 text",
    "not_bson": "holds something the driver cannot decode",
    "missing": "is missing",
    "enum": "has a value nobody knows",
    "string_pattern_mismatch": "has not the form that is wanted",
    "no_instant": "is no instant",
    "no_id": "is no id",
    "unknown": "has a value nobody knows",
    "another": "names another period than the id",
    "plan_id": "is not made of period and user",
    ENDED_UNREADABLE: "can be read again, but the plan was ended before",
}
_KINDS = {
    "string": "is no text",
    "bool": "is neither true nor false",
    "datetime": "is no instant of the calendar",
    "timezone": "is an instant without a time zone",
    "int": "is no whole number",
    "greater_than": "is out of range",
    "less_than": "is out of range",
    "list": "is no list",
    "tuple": "is no list",
    "dict": "is no document",
    "model": "is no document",
}
