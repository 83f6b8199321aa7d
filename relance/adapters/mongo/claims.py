"""The writes that claim invitations for one mail each, or record why one is not sent.

Each is a compare-and-set per document: its filter names the states from which it may happen, so two senders cannot both
match, and repeating it changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pymongo import UpdateMany, UpdateOne

from relance.adapters.mongo.documents import Raw
from relance.adapters.mongo.per_document import value_of
from relance.domain.invitations.invitation import InvitationStatus, MailKind, sources_of
from relance.ports import ClaimRequest

_TO_SEND = [InvitationStatus.QUEUED.value, InvitationStatus.SENDING.value]
_TO_REMIND = [InvitationStatus.SENT.value, InvitationStatus.OPENED.value]
# A rolled-back invitation is cancelled; a contact that answered, or whose invitation expired, got the mail by mistake
# too.
_TO_CORRECT = [status.value for status in InvitationStatus if status.value not in _TO_SEND]
_TO_SKIP = [status.value for status in sources_of(InvitationStatus.SKIPPED)]


_MAILBOX = "claim.mailbox"
_BEFORE: Raw = {"$ifNull": ["$mailboxes", []]}
_BOTH: Raw = {"$cond": [{"$in": [f"${_MAILBOX}", _BEFORE]}, _BEFORE, {"$concatArrays": [_BEFORE, [f"${_MAILBOX}"]]}]}
# Behind those that an earlier attempt without a reply may have reached. Of two arrays the one that goes on is the
# greater; a missing field is before every array.
_REACHED: Raw = {"$cond": [{"$gt": ["$doubts", []]}, _BOTH, [f"${_MAILBOX}"]]}


def claims(
    requests: Sequence[ClaimRequest], nonce: str, mailboxes: Mapping[str, str], distance: timedelta = timedelta(0)
) -> list[UpdateMany]:
    """Return the writes that make these mails their requests' own, one per kind of mail.

    `mailboxes` are by invitation id the digests of the addresses they go to; an invitation keeps its own, in this very
    write, so that nothing leaves of which it is not known where it went.

    No two requests may be for the same invitation. `nonce` tells their claims from all others, also of the same token.
    A reminder is not claimed within `distance` of another one, should that have been recorded since it was decided.
    """
    result: list[UpdateMany] = []
    for kind in MailKind:
        group = [request for request in requests if request.kind is kind]
        if group:
            result.append(
                _for_invitations(group, nonce, mailboxes)
                if kind is MailKind.INVITATION
                else _for(kind, group, nonce, distance)
            )
    return result


def refusal(invitation_id: str, kind: MailKind, reason: str, at: datetime) -> UpdateOne:
    """Return the write that records why a mail is not sent, unless it was decided before or is being sent."""
    query = {"_id": invitation_id, "claim": None}
    if kind is not MailKind.INVITATION:
        skip = {"type": kind.value, "reason": reason, "at": at}
        return UpdateOne({**query, **_undecided(kind)}, {"$push": {"reminderSkips": skip}})
    skipped = {"status": InvitationStatus.SKIPPED.value, "reason": reason, "endedAt": at}
    return UpdateOne({**query, "status": {"$in": _TO_SKIP}}, {"$set": skipped, "$unset": {"retryAt": ""}})


def untried(period: str, user_ids: Sequence[str]) -> Raw:
    """Return the query for these users' entries whose mail is still to be sent for the first time."""
    return {"period": period, "userId": {"$in": list(user_ids)}, "status": {"$in": _TO_SEND}, "retryAt": None}


def release(request: ClaimRequest, nonce: str) -> UpdateOne:
    """Return the write that gives up a claim nobody waits for any more."""
    return UpdateOne({"_id": request.invitation_id, "claim.nonce": nonce}, {"$unset": {"claim": ""}})


def _for_invitations(requests: Sequence[ClaimRequest], nonce: str, mailboxes: Mapping[str, str]) -> UpdateMany:
    at = value_of({request.invitation_id: request.at for request in requests})
    fields = {
        "status": InvitationStatus.SENDING.value,
        "claim": _claim(requests, nonce, mailboxes),
        "attempts": {"$add": [{"$ifNull": ["$attempts", 0]}, 1]},
    }
    return UpdateMany(
        # A missing retryAt is before every instant.
        {**_unclaimed(requests), "status": {"$in": _TO_SEND}, "$expr": {"$lte": ["$retryAt", at]}},
        [{"$set": fields}, {"$set": {"mailboxes": _REACHED}}, {"$unset": ["retryAt", _MAILBOX]}],
    )


def _for(kind: MailKind, requests: Sequence[ClaimRequest], nonce: str, distance: timedelta) -> UpdateMany:
    return UpdateMany(
        {
            **_unclaimed(requests),
            **_undecided(kind),
            **({} if kind is MailKind.CORRECTION else {"$expr": _none_since(requests, distance)}),
            "status": {"$in": _TO_CORRECT if kind is MailKind.CORRECTION else _TO_REMIND},
        },
        [{"$set": {"claim": _claim(requests, nonce, {})}}],
    )


def _claim(requests: Sequence[ClaimRequest], nonce: str, mailboxes: Mapping[str, str]) -> Raw:
    return value_of(
        {
            request.invitation_id: {
                "kind": request.kind.value,
                "messageId": request.message_id,
                "token": request.token,
                "nonce": nonce,
                "at": request.at,
                # Within the claim, because each further list of values is sent, parsed and looked up once more.
                **({_MAILBOX.partition(".")[2]: mailboxes[request.invitation_id]} if mailboxes else {}),
            }
            for request in requests
        }
    )


def _none_since(requests: Sequence[ClaimRequest], distance: timedelta) -> Raw:
    limit = value_of({request.invitation_id: request.at - distance for request in requests})
    fresh = {
        "$filter": {
            "input": {"$ifNull": ["$reminders", []]},
            "as": "one",
            "cond": {"$gt": ["$$one.sentAt", limit]},
        }
    }
    return {"$eq": [fresh, []]}


def _unclaimed(requests: Sequence[ClaimRequest]) -> Raw:
    return {"_id": {"$in": [request.invitation_id for request in requests]}, "claim": None}


def _undecided(kind: MailKind) -> Raw:
    return {"reminders.type": {"$ne": kind.value}, "reminderSkips.type": {"$ne": kind.value}}
