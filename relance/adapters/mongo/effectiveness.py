"""What followed each reminder, counted by the server, a range of entries at a time (SPEC R7)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from relance.adapters.mongo.documents import Collection, Raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.ranges import Ranges
from relance.domain.failures import FailureClass
from relance.domain.invitations.effectiveness import REMINDERS, WINDOW, Arm, ReminderGroup
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.invitation import InvitationStatus, MailKind
from relance.domain.invitations.reminders import ReminderRefusal

_KINDS = [kind.value for kind in REMINDERS]
# A complaint counts as an opt-out.
_OPT_OUTS = [EventKind.OPTED_OUT.value, EventKind.COMPLAINED.value]
_FAILED = [failure.value for failure in FailureClass]
_HOURS = int(WINDOW.total_seconds() // 3600)


class MongoEffectiveness:
    """`ports.Effectiveness` over the collection `invitations`, with the users' zones from `plans`."""

    def __init__(self, invitations: Collection, ranges: Ranges | None = None) -> None:
        self._invitations = invitations
        self._ranges = ranges or Ranges()

    async def periods(self) -> list[str]:
        """Return the periods there are invitations of, newest first."""
        with translated("look up the periods"):
            found = await self._invitations.distinct("period")
        return sorted((str(period) for period in found), reverse=True)

    async def groups(self, period: str, now: datetime) -> AsyncIterator[ReminderGroup]:
        """Yield the counted reminders of a period: per range a group per arm, zone and quarter of an hour."""
        with translated("count what followed the reminders"):
            async for _, found in self._ranges.groups(self._invitations, period, _stages(period, now)):
                for raw in found:
                    yield _group(period, raw)


def _stages(period: str, now: datetime) -> list[Raw]:
    after = {"$dateAdd": {"startDate": "$one.at", "unit": "hour", "amount": _HOURS}}
    over = {"$lte": [after, now]}
    opted_out = {"$and": [{"$eq": ["$status", InvitationStatus.CANCELLED.value]}, {"$in": ["$reason", _OPT_OUTS]}]}
    return [
        {
            "$project": {
                "userId": 1,
                "status": 1,
                "reason": {"$ifNull": ["$reason", None]},
                "submittedAt": 1,
                "endedAt": 1,
                "heldOut": {"$ifNull": ["$heldOut", []]},
                "one": {"$concatArrays": [_sent(), _not_sent()]},
            }
        },
        {"$unwind": "$one"},
        # Reminders of one user go out together, so that few groups are left for the look at their plans.
        {
            "$group": {
                "_id": {
                    "user": "$userId",
                    "kind": "$one.kind",
                    "arm": "$one.arm",
                    # Every zone is a whole number of quarters away from UTC.
                    "at": {"$dateTrunc": {"date": "$one.at", "unit": "minute", "binSize": 15}},
                    "earlier": _earlier_held_out(),
                },
                "count": {"$sum": 1},
                "watched": _sum(over),
                "submitted": _sum(over, _within("$submittedAt", after)),
                "optedOut": _sum(over, opted_out, _within("$endedAt", after)),
            }
        },
        {"$set": {"plan": {"$concat": [f"{period}.", "$_id.user"]}}},
        {
            "$lookup": {
                "from": "plans",
                "localField": "plan",
                "foreignField": "_id",
                "pipeline": [{"$project": {"_id": 0, "zone": 1}}],
                "as": "plan",
            }
        },
        {
            "$group": {
                "_id": {
                    "kind": "$_id.kind",
                    "arm": "$_id.arm",
                    "at": "$_id.at",
                    "earlier": "$_id.earlier",
                    "zone": {"$ifNull": [{"$first": "$plan.zone"}, "UTC"]},
                },
                **{name: {"$sum": f"${name}"} for name in ("count", "watched", "submitted", "optedOut")},
            }
        },
    ]


def _sent() -> Raw:
    fields = {"kind": "$$this.type", "at": "$$this.sentAt", "arm": Arm.SENT.value}
    return {"$map": {"input": _of("reminders", {"$in": ["$$this.type", _KINDS]}), "in": fields}}


def _not_sent() -> Raw:
    """Of the reminders that were not sent: those held out, and those tried in vain."""
    held_out = {"$eq": ["$$this.reason", ReminderRefusal.HOLDOUT.value]}
    wanted = {"$and": [{"$in": ["$$this.type", _KINDS]}, {"$or": [held_out, {"$in": ["$$this.reason", _FAILED]}]}]}
    arm = {"$cond": [held_out, Arm.HELD_OUT.value, Arm.FAILED.value]}
    fields = {"kind": "$$this.type", "at": "$$this.at", "arm": arm}
    return {"$map": {"input": _of("reminderSkips", wanted), "in": fields}}


def _of(field: str, condition: Raw) -> Raw:
    return {"$filter": {"input": {"$ifNull": [f"${field}", []]}, "cond": condition}}


def _earlier_held_out() -> Raw:
    return {"$and": [{"$eq": ["$one.kind", MailKind.SECOND.value]}, {"$in": [MailKind.FIRST.value, "$heldOut"]}]}


def _within(field: str, until: Raw) -> Raw:
    return {"$and": [{"$gt": [field, "$one.at"]}, {"$lte": [field, until]}]}


def _sum(*conditions: Raw) -> Raw:
    return {"$sum": {"$cond": [{"$and": list(conditions)}, 1, 0]}}


def _group(period: str, raw: dict[str, Any]) -> ReminderGroup:
    key = raw["_id"]
    return ReminderGroup(
        period=period,
        kind=MailKind(key["kind"]),
        arm=Arm(key["arm"]),
        at=key["at"],
        zone=str(key["zone"]),
        count=raw["count"],
        watched=raw["watched"],
        submitted=raw["submitted"],
        opted_out=raw["optedOut"],
        earlier_held_out=key["earlier"],
    )
