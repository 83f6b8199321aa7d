"""The notes on documents that cannot be read: how one is written, and what it says."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from relance.adapters.mongo.raw_ids import query_of, stored, text_of
from relance.domain.base import is_period
from relance.domain.quarantine import SetAside, faults_of, shown_name

Raw = dict[str, Any]

_NAMED = {"users": "_id"}
"""The field that says whose a document is; `userId` elsewhere."""
_PERIOD_LENGTH = 7


@dataclass(frozen=True, slots=True)
class Invalid:
    """A document that was refused: its `_id` as it is stored, why, whose it is, and of which period."""

    stored_id: Any
    reason: str
    user: str | None = None
    period: str | None = None

    @classmethod
    def of(cls, collection: str, raw: Raw, reason: str) -> Invalid:
        """Return what is noted of a document."""
        stored_id = raw.get("_id")
        user = raw.get(_NAMED.get(collection, "userId"))
        period = raw.get("period")
        if not is_period(period):
            period = stored_id[:_PERIOD_LENGTH] if isinstance(stored_id, str) else None
        return cls(stored_id, reason, _user(user), period if is_period(period) else None)

    def key(self, collection: str) -> str:
        """Return the `_id` of the note."""
        return f"{collection}.{text_of(self.stored_id)}"

    def write(self, collection: str, at: datetime, *, first: datetime | None = None) -> UpdateOne:
        """Return the write of one more refusal; `first` is when the first one was, if not now."""
        found = {name: value for name, value in (("user", self.user), ("period", self.period)) if value is not None}
        once = {"at": first or at, "token": secrets.token_hex(6), "ref": stored(self.stored_id)}
        change = {"$setOnInsert": once, "$set": {"reason": self.reason, "seenAt": at, **found}, "$inc": {"seen": 1}}
        return UpdateOne({"_id": self.key(collection)}, change, upsert=True)


def read(raw: Raw) -> SetAside | None:
    """Return a note, None if it is none; notes of earlier versions say less."""
    key, at, reason = raw.get("_id"), raw.get("at"), raw.get("reason")
    if not isinstance(key, str) or not isinstance(at, datetime):
        return None
    collection, dot, text = key.partition(".")
    if not dot:
        return None
    seen, seen_at, token = raw.get("seen"), raw.get("seenAt"), raw.get("token")
    period, user = raw.get("period"), raw.get("user")
    return SetAside(
        key=key,
        collection=collection,
        name=shown_name(collection, text, token if isinstance(token, str) else ""),
        faults=faults_of(reason if isinstance(reason, str) else ""),
        at=at,
        seen_at=seen_at if isinstance(seen_at, datetime) else at,
        seen=seen if isinstance(seen, int) and seen > 0 else 1,
        user=user if isinstance(user, str) else None,
        period=period if isinstance(period, str) and is_period(period) else None,
    )


def query(raw: Raw) -> Any:
    """Return the query for the document a note is about."""
    if "ref" in raw:
        return query_of(raw["ref"])
    # Of an earlier version, which kept the text only.
    return query_of(str(raw["_id"]).partition(".")[2])


def _user(value: object) -> str | None:
    text = str(value) if isinstance(value, (str, ObjectId)) else ""
    return text if text and shown_name("users", text, "") == text else None
