"""The writes about mails in doubt: when a doubt arises, and how it ends (SPEC X4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relance.adapters.mongo.documents import Raw, to_raw
from relance.adapters.mongo.per_document import appended
from relance.domain.invitations.invitation import InvitationStatus, MailKind, Verdict, sources_of
from relance.ports import Resolution, Sent

_UNCERTAIN = InvitationStatus.UNCERTAIN.value


@dataclass(frozen=True, slots=True)
class Write:
    """A compare-and-set on one document."""

    mine: Raw
    update: list[Raw]


def doubted(kind: MailKind | str) -> Raw:
    """Return the expression for the doubts of a claimed document with one more; `kind` may be an expression."""
    return appended("doubts", {"kind": str(kind), "since": "$claim.at", "messageId": "$claim.messageId"})


def doubting(kind: MailKind, since: datetime) -> Write:
    """Return the write that puts mails in doubt for a restore, if nothing is recorded of them; once per backup."""
    doubt = {"kind": kind.value, "since": since}
    unknown: Raw = {"claim": None, "$nor": [{"doubts": {"$elemMatch": doubt}}]}
    doubts = {"doubts": appended("doubts", {**doubt, "restored": True})}
    if kind is MailKind.INVITATION:
        unsent = {"sentAt": None, "status": {"$in": [InvitationStatus.QUEUED.value, InvitationStatus.SENDING.value]}}
        # As if it had been claimed: only from there it may turn out to have been sent.
        return Write({**unknown, **unsent}, [{"$set": {**doubts, "status": InvitationStatus.SENDING.value}}])
    skip = {"type": kind.value, "reason": _UNCERTAIN, "at": since}
    undecided = {"reminders.type": {"$ne": kind.value}, "reminderSkips.type": {"$ne": kind.value}}
    return Write({**unknown, **undecided}, [{"$set": {**doubts, "reminderSkips": appended("reminderSkips", skip)}}])


def resolving(resolution: Resolution) -> Sequence[Write]:
    """Return the writes of which the first that matches ends the doubts about a mail."""
    kind = resolution.kind.value
    mine: Raw = {
        "_id": resolution.invitation_id,
        "claim": None,
        "doubts": {"$elemMatch": {"kind": kind, "verdict": None}},
    }
    fields: Raw = {"doubts": _ended(kind, {"verdict": resolution.verdict.value, "at": resolution.at})}
    if resolution.kind is not MailKind.INVITATION:
        if resolution.sent is not None:
            reminder = {"type": kind, "sentAt": resolution.sent.sent_at, "messageId": resolution.sent.message_id}
            fields["reminders"] = appended("reminders", reminder)
        if resolution.verdict in {Verdict.ARRIVED, Verdict.ABSENT}:
            fields["reminderSkips"] = _without_uncertain(kind)
        return [Write(mine, [{"$set": fields}])]
    if resolution.sent is None:
        return [Write(mine, [{"$set": fields}])]
    sent: list[Raw] = [{"$set": {**fields, **_sent(resolution.sent)}}, {"$unset": "retryAt"}]
    unsent: Raw = {**mine, "sentAt": None}
    return [
        # The end that was recorded for want of knowledge is none.
        Write({**unsent, "status": _UNCERTAIN}, [*sent, {"$unset": ["reason", "endedAt"]}]),
        Write({**unsent, "status": {"$ne": _UNCERTAIN}}, sent),
    ]


def _ended(kind: str, end: Raw) -> Raw:
    ended = {"$mergeObjects": ["$$this", {"$literal": end}]}
    if_open = {"$cond": [{"$gt": ["$$this.verdict", None]}, "$$this", ended]}
    return {"$map": {"input": "$doubts", "in": {"$cond": [{"$eq": ["$$this.kind", kind]}, if_open, "$$this"]}}}


def _without_uncertain(kind: str) -> Raw:
    decided_otherwise: Any = {"$cond": [{"$eq": ["$$this.reason", _UNCERTAIN]}, {"$ne": ["$$this.type", kind]}, True]}
    return {"$filter": {"input": {"$ifNull": ["$reminderSkips", []]}, "cond": decided_otherwise}}


def _sent(sent: Sent) -> Raw:
    allowed = [status.value for status in sources_of(InvitationStatus.SENT)]
    arrived = {"$cond": [{"$gt": ["$openedAt", None]}, InvitationStatus.OPENED.value, InvitationStatus.SENT.value]}
    due = {"dueAt": {"$literal": to_raw(sent.due)}} if sent.due else {}
    return {
        "sentAt": sent.sent_at,
        "messageId": {"$literal": sent.message_id},
        "late": sent.late,
        # An event may have ended the invitation meanwhile (SPEC R5).
        "status": {"$cond": [{"$in": ["$status", allowed]}, arrived, "$status"]},
        **due,
    }
