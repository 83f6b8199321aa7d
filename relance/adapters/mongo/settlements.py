"""The writes that record what became of claimed mails; each ends the claim, and none counts without it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pymongo import UpdateMany, UpdateOne

from relance.adapters.mongo.documents import Raw, to_raw
from relance.adapters.mongo.per_document import appended, value_of
from relance.adapters.mongo.uncertain import doubted
from relance.domain.failures import Failure, FailureClass
from relance.domain.invitations.invitation import InvitationStatus, MailKind, sources_of
from relance.ports import Deferred, Failed, Released, Sent, Settlement, Uncertain

_NO_CLAIM: Raw = {"$unset": {"claim": ""}}


def settlements(settles: Sequence[Settlement]) -> list[UpdateMany | UpdateOne]:
    """Return the writes that record these results: accepted mails in one per kind, the rest one by one.

    No two may be for the same invitation.
    """
    result: list[UpdateMany | UpdateOne] = []
    for kind in MailKind:
        accepted = {
            settlement: settlement.result
            for settlement in settles
            if isinstance(settlement.result, Sent) and settlement.kind is kind
        }
        if accepted:
            result.append(_accepted(kind, accepted))
    result.extend(
        _other(settlement, settlement.result) for settlement in settles if not isinstance(settlement.result, Sent)
    )
    return result


def _accepted(kind: MailKind, accepted: dict[Settlement, Sent]) -> UpdateMany:
    token = value_of({settlement.invitation_id: settlement.token for settlement in accepted})
    mine = {
        "_id": {"$in": [settlement.invitation_id for settlement in accepted]},
        "claim.kind": kind.value,
        "$expr": {"$eq": ["$claim.token", token]},
    }
    if kind is not MailKind.INVITATION:
        reminder = value_of({settlement.invitation_id: _reminder(kind, sent) for settlement, sent in accepted.items()})
        return UpdateMany(mine, [{"$set": {"reminders": appended("reminders", reminder)}}, {"$unset": "claim"}])
    fields = value_of({settlement.invitation_id: _invitation(sent) for settlement, sent in accepted.items()})
    # Opened before the relay's answer was recorded.
    arrived = {"$cond": [{"$gt": ["$openedAt", None]}, InvitationStatus.OPENED.value, InvitationStatus.SENT.value]}
    status = {"status": _if_allowed(InvitationStatus.SENT, arrived, "$status")}
    return UpdateMany(mine, [{"$replaceWith": {"$mergeObjects": ["$$ROOT", fields, status]}}, {"$unset": "claim"}])


def _invitation(sent: Sent) -> Raw:
    due = {"dueAt": to_raw(sent.due)} if sent.due else {}
    return {"sentAt": sent.sent_at, "messageId": sent.message_id, "late": sent.late, **due}


def _reminder(kind: MailKind, sent: Sent) -> Raw:
    return {"type": kind.value, "sentAt": sent.sent_at, "messageId": sent.message_id}


def _other(settlement: Settlement, result: Deferred | Failed | Uncertain | Released) -> UpdateOne:
    mine = {"_id": settlement.invitation_id, "claim.token": settlement.token, "claim.kind": settlement.kind.value}
    if isinstance(result, Released):
        return UpdateOne(mine, _NO_CLAIM)
    if settlement.kind is MailKind.INVITATION:
        return UpdateOne(mine, _of_invitation(result))
    return UpdateOne(mine, _of_reminder(settlement.kind, result))


def _of_invitation(result: Deferred | Failed | Uncertain) -> Raw | list[Raw]:
    failure = result.failure
    if isinstance(result, Deferred):
        if failure.class_ is FailureClass.UNCERTAIN:
            later = {"retryAt": result.retry_at, "lastError": {"$literal": _error(failure, result.at)}}
            return [{"$set": {**later, "doubts": doubted(MailKind.INVITATION)}}, {"$unset": "claim"}]
        update: Raw = {"$set": {"retryAt": result.retry_at, "lastError": _error(failure, result.at)}, **_NO_CLAIM}
        # The claim has counted an attempt.
        return update if result.tried else {**update, "$inc": {"attempts": -1}}
    if isinstance(result, Failed):
        return _ended(InvitationStatus.FAILED, failure.class_.value, failure, result.at)
    [fields, no_claim] = _ended(InvitationStatus.UNCERTAIN, InvitationStatus.UNCERTAIN.value, failure, result.at)
    return [{"$set": {**fields["$set"], "doubts": doubted(MailKind.INVITATION)}}, no_claim]


def _of_reminder(kind: MailKind, result: Deferred | Failed | Uncertain) -> Raw | list[Raw]:
    if isinstance(result, Uncertain):
        skip = {"type": kind.value, "reason": InvitationStatus.UNCERTAIN.value, "at": result.at}
        fields = {"reminderSkips": appended("reminderSkips", skip), "doubts": doubted(kind)}
        return [{"$set": {**fields, "lastError": {"$literal": _error(result.failure, result.at)}}}, {"$unset": "claim"}]
    update: Raw = {"$set": {"lastError": _error(result.failure, result.at)}, **_NO_CLAIM}
    if isinstance(result, Deferred):
        return update
    skip = {"type": kind.value, "reason": result.failure.class_.value, "at": result.at}
    return {**update, "$push": {"reminderSkips": skip}}


def _ended(status: InvitationStatus, reason: str, failure: Failure, at: datetime) -> list[Raw]:
    fields = {
        "status": _if_allowed(status, status.value, "$status"),
        "reason": _if_allowed(status, reason, "$reason"),
        "endedAt": _if_allowed(status, at, "$endedAt"),
        "lastError": {"$literal": _error(failure, at)},
    }
    return [{"$set": fields}, {"$unset": "claim"}]


def _if_allowed(status: InvitationStatus, then: Any, otherwise: str) -> Raw:
    # An event may have moved the invitation on while its mail was under way (SPEC R5).
    return {"$cond": [{"$in": ["$status", [source.value for source in sources_of(status)]]}, then, otherwise]}


def _error(failure: Failure, at: datetime) -> Raw:
    return {"code": failure.code, "class": failure.class_.value, "severity": failure.severity.value, "at": at}
