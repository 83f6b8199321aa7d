"""The users of a period with what the ledger says is still to come of their invitations (SPEC R8).

Both reads go along an index: plans by their `_id` (period and user), invitations by `(period, userId, contactId)`. What
the server counts does not travel.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from relance.adapters.mongo.documents import MotorDatabase, Raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.ranges import Ranges
from relance.domain.base import is_period
from relance.domain.cycle.planning import PlanStatus
from relance.domain.invitations.invitation import InvitationStatus, MailKind
from relance.domain.invitations.reminders import REMINDERS
from relance.ids import plan_id
from relance.ports.reconciliation import ReconcileRow

_SENT = [InvitationStatus.SENT.value, InvitationStatus.OPENED.value]
_READABLE: Raw = {
    "userId": {"$type": "string"},
    "instant": {"$type": "date"},
    "status": {"$in": [status.value for status in PlanStatus]},
}
_FIELDS = {"_id": 0, "userId": 1, "status": 1, "instant": 1, "contacts": 1}


class MongoReconcileRows:
    """`ports.reconciliation.Followees` over `plans` and `invitations`."""

    def __init__(self, database: MotorDatabase, ranges: Ranges | None = None) -> None:
        self._ranges = ranges or Ranges()
        self._plans = database.plans
        self._invitations = database.invitations

    async def periods(self) -> list[str]:
        """Return the periods that have plans, in order."""
        with translated("list the periods"):
            return sorted(filter(is_period, await self._plans.distinct("period")))

    async def page(
        self, period: str, after: str | None, size: int, *, at: datetime, late_since: datetime
    ) -> list[ReconcileRow]:
        """Return the next users of a period, in order of id."""
        # A plan's id is made of period and user; "/" comes after ".".
        first = plan_id(period, after) if after is not None else f"{period}."
        with translated("read what is still to come"):
            found = self._plans.find({"_id": {"$gt": first, "$lt": f"{period}/"}, **_READABLE}, _FIELDS)
            plans = await found.sort("_id", 1).limit(size).to_list(None)
            if not plans:
                return []
            users = {"$gte": plans[0]["userId"], "$lte": plans[-1]["userId"]}
            stages: list[Raw] = [
                {"$match": {"period": period, "userId": users, "status": {"$in": [*_SENT, "sending"]}}},
                {
                    "$group": {
                        "_id": "$userId",
                        "ahead": {"$sum": _ahead(at)},
                        "overdue": {"$sum": _overdue(late_since)},
                        "due": {"$sum": _due(at)},
                    }
                },
            ]
            groups = await self._invitations.aggregate(stages, maxTimeMS=self._ranges.most_ms).to_list(None)
        counts = {group["_id"]: group for group in groups}
        return [_followee(plan, counts.get(plan["userId"], {})) for plan in plans]

    async def sent_between(self, period: str, since: datetime, until: datetime) -> int:
        """Count the invitations of a period that were sent in `since <= t < until`."""
        with translated("count what was sent"):
            return await self._ranges.count(self._invitations, period, {"sentAt": {"$gte": since, "$lt": until}})


def _followee(plan: Raw, counts: Raw) -> ReconcileRow:
    return ReconcileRow(
        user_id=plan["userId"],
        plan=PlanStatus(plan["status"]),
        instant=plan["instant"],
        contacts=plan.get("contacts"),
        ahead=counts.get("ahead", 0),
        overdue=counts.get("overdue", 0),
        due=counts.get("due", 0),
    )


def _ahead(at: datetime) -> Raw:
    # A missing field is before every instant. As `domain.reconciliation.ahead_of`.
    followed = {"$and": [{"$in": ["$status", _SENT]}, {"$gt": ["$dueAt.expiry", at]}]}
    return _one_if({"$or": [followed, _tried_again()]})


def _overdue(late_since: datetime) -> Raw:
    # As `domain.reconciliation.overdue`, but for the distance between mails, which is looked at afterwards.
    reminders = [
        _one_if(
            {
                "$and": [
                    *_undecided(kind),
                    {"$lt": [f"$dueAt.{kind.value}", late_since]},
                    {"$lte": ["$lastError.at", f"$dueAt.{kind.value}"]},
                ]
            }
        )
        for kind in REMINDERS
    ]
    retries = _one_if({"$and": [_tried_again(), {"$lt": ["$retryAt", late_since]}]})
    return {"$add": [*reminders, retries]}


def _due(at: datetime) -> Raw:
    reminders = [_one_if({"$and": [*_undecided(kind), {"$lte": [f"$dueAt.{kind.value}", at]}]}) for kind in REMINDERS]
    return {"$add": [*reminders, _one_if({"$and": [_tried_again(), {"$lte": ["$retryAt", at]}]})]}


def _undecided(kind: MailKind) -> list[Raw]:
    return [
        {"$in": ["$status", _SENT]},
        {"$gt": [f"$dueAt.{kind.value}", None]},
        {"$not": {"$in": [kind.value, {"$ifNull": ["$reminders.type", []]}]}},
        {"$not": {"$in": [kind.value, {"$ifNull": ["$reminderSkips.type", []]}]}},
        {"$lte": ["$claim", None]},
    ]


def _tried_again() -> Raw:
    waits: list[Any] = [{"$eq": ["$status", "sending"]}, {"$gt": ["$retryAt", None]}, {"$lte": ["$claim", None]}]
    return {"$and": waits}


def _one_if(condition: Raw) -> Raw:
    return {"$cond": [condition, 1, 0]}
