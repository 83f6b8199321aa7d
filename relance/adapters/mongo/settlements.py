"""The writes that record what became of a claimed mail; each ends the claim, and none counts without it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from relance.adapters.mongo.documents import Raw, to_raw
from relance.domain.failures import Failure
from relance.domain.invitation import InvitationStatus, MailKind, sources_of
from relance.ports import Deferred, Failed, Released, Sent, Settlement, Uncertain

_NO_CLAIM: Raw = {"$unset": {"claim": ""}}


def settlement(settle: Settlement) -> UpdateOne:
    """Return the write that records a result and ends its claim."""
    mine = {"_id": settle.invitation_id, "claim.token": settle.token, "claim.kind": settle.kind.value}
    if isinstance(settle.result, Released):
        return UpdateOne(mine, _NO_CLAIM)
    if settle.kind is MailKind.INVITATION:
        return UpdateOne(mine, _of_invitation(settle.result))
    return UpdateOne(mine, _of_reminder(settle.kind, settle.result))


def _of_invitation(result: Sent | Deferred | Failed | Uncertain) -> Raw | list[Raw]:
    match result:
        case Sent():
            # Opened before the relay's answer was recorded.
            arrived = {
                "$cond": [{"$gt": ["$openedAt", None]}, InvitationStatus.OPENED.value, InvitationStatus.SENT.value]
            }
            due = {"dueAt": _literal(to_raw(result.due))} if result.due else {}
            sent = {"sentAt": result.sent_at, "messageId": _literal(result.message_id), "late": result.late}
            return _ending({"status": _if_allowed(InvitationStatus.SENT, arrived, "$status"), **sent, **due})
        case Deferred():
            return {"$set": {"retryAt": result.retry_at, "lastError": _error(result.failure, result.at)}, **_NO_CLAIM}
        case Failed():
            return _ended(InvitationStatus.FAILED, result.failure.class_.value, result.failure, result.at)
        case Uncertain():
            return _ended(InvitationStatus.UNCERTAIN, InvitationStatus.UNCERTAIN.value, result.failure, result.at)


def _of_reminder(kind: MailKind, result: Sent | Deferred | Failed | Uncertain) -> Raw:
    if isinstance(result, Sent):
        reminder = {"type": kind.value, "sentAt": result.sent_at, "messageId": result.message_id}
        return {"$push": {"reminders": reminder}, **_NO_CLAIM}
    update: Raw = {"$set": {"lastError": _error(result.failure, result.at)}, **_NO_CLAIM}
    if isinstance(result, Deferred):
        return update
    is_failed = isinstance(result, Failed)
    reason = result.failure.class_.value if is_failed else InvitationStatus.UNCERTAIN.value
    return {**update, "$push": {"reminderSkips": {"type": kind.value, "reason": reason, "at": result.at}}}


def _ended(status: InvitationStatus, reason: str, failure: Failure, at: datetime) -> list[Raw]:
    return _ending(
        {
            "status": _if_allowed(status, status.value, "$status"),
            "reason": _if_allowed(status, reason, "$reason"),
            "endedAt": _if_allowed(status, at, "$endedAt"),
            "lastError": _literal(_error(failure, at)),
        }
    )


def _ending(fields: Raw) -> list[Raw]:
    return [{"$set": fields}, {"$unset": "claim"}]


def _if_allowed(status: InvitationStatus, then: Any, otherwise: str) -> Raw:
    # An event may have moved the invitation on while its mail was under way (SPEC R5).
    return {"$cond": [{"$in": ["$status", [source.value for source in sources_of(status)]]}, then, otherwise]}


def _literal(value: Any) -> Raw:
    return {"$literal": value}


def _error(failure: Failure, at: datetime) -> Raw:
    return {"code": failure.code, "class": failure.class_.value, "severity": failure.severity.value, "at": at}
