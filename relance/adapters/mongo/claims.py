"""The writes that claim an invitation for one mail, or record why it is not sent.

Each is a compare-and-set on one document: its filter names the states from which it may happen, so two senders cannot
both match, and repeating it changes nothing.
"""

from __future__ import annotations

from datetime import datetime

from pymongo import UpdateOne

from relance.adapters.mongo.documents import Raw
from relance.domain.invitation import InvitationStatus, MailKind, sources_of
from relance.ports import ClaimRequest

_TO_SEND = [InvitationStatus.QUEUED.value, InvitationStatus.SENDING.value]
_TO_REMIND = [InvitationStatus.SENT.value, InvitationStatus.OPENED.value]
_TO_SKIP = [status.value for status in sources_of(InvitationStatus.SKIPPED)]


def claim(request: ClaimRequest, nonce: str) -> UpdateOne:
    """Return the write that makes the mail this request's own; `nonce` tells it from every other request."""
    holder = {"kind": request.kind.value, "token": request.token, "nonce": nonce, "at": request.at}
    if request.kind is not MailKind.INVITATION:
        return UpdateOne(
            {**_undecided(request.invitation_id, request.kind), "status": {"$in": _TO_REMIND}},
            {"$set": {"claim": holder}},
        )
    return UpdateOne(
        # A missing retryAt is not greater than anything either.
        {
            "_id": request.invitation_id,
            "status": {"$in": _TO_SEND},
            "claim": None,
            "retryAt": {"$not": {"$gt": request.at}},
        },
        {
            "$set": {"status": InvitationStatus.SENDING.value, "claim": holder},
            "$inc": {"attempts": 1},
            "$unset": {"retryAt": ""},
        },
    )


def refusal(invitation_id: str, kind: MailKind, reason: str, at: datetime) -> UpdateOne:
    """Return the write that records why a mail is not sent."""
    if kind is not MailKind.INVITATION:
        skip = {"type": kind.value, "reason": reason, "at": at}
        return UpdateOne(_undecided(invitation_id, kind), {"$push": {"reminderSkips": skip}})
    return UpdateOne(
        {"_id": invitation_id, "status": {"$in": _TO_SKIP}, "claim": None},
        {
            "$set": {"status": InvitationStatus.SKIPPED.value, "reason": reason, "endedAt": at},
            "$unset": {"retryAt": ""},
        },
    )


def release(request: ClaimRequest, nonce: str) -> UpdateOne:
    """Return the write that gives up the claim nobody waits for any more."""
    return UpdateOne({"_id": request.invitation_id, "claim.nonce": nonce}, {"$unset": {"claim": ""}})


def _undecided(invitation_id: str, kind: MailKind) -> Raw:
    return {
        "_id": invitation_id,
        "claim": None,
        "reminders.type": {"$ne": kind.value},
        "reminderSkips.type": {"$ne": kind.value},
    }
