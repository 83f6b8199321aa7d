"""Plans that are none: ended with a reason, so that no wave comes again for them and no cycle waits for them.

The reader of a batch finds the plans that cannot be read (`MongoPlans.begin`); what no wave would ever find, because
its instant, status, user or period is none, is looked for by the planning and by the balance. All of it is idempotent:
who dies in between leaves the rest to the next pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo import UpdateOne

from relance.adapters.mongo.claims import refusal
from relance.adapters.mongo.documents import Collection, Raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.quarantine import MongoQuarantine
from relance.adapters.mongo.set_aside import Invalid
from relance.domain.cycle.planning import UNREADABLE, PlanStatus
from relance.domain.invitations.invitation import InvitationStatus, MailKind
from relance.ids import plan_id

OPEN = {"$in": [PlanStatus.PLANNED.value, PlanStatus.SENDING.value]}
ON_EARTH: Raw = {"$gte": datetime(1, 1, 2, tzinfo=UTC), "$lte": datetime(9999, 12, 30, tzinfo=UTC)}
"""Instants that Python knows in every zone; compared with them, null and numbers are no instants either."""

A_USER: Raw = {"$type": "string"}
_ENDED = [PlanStatus.DONE.value, PlanStatus.SKIPPED.value, PlanStatus.CANCELLED.value]
_KNOWN = [status.value for status in PlanStatus]
_UNSENT = {"$in": [InvitationStatus.QUEUED.value, InvitationStatus.SENDING.value]}
_PAGE = 500


class UnreadablePlans:
    """Ends plans that cannot be read, over `plans` and `invitations`."""

    def __init__(self, plans: Collection, invitations: Collection, quarantine: MongoQuarantine) -> None:
        self._plans = plans
        self._invitations = invitations
        self._quarantine = quarantine

    async def end(self, period: str, stored_ids: Sequence[Any], at: datetime) -> None:
        """End open plans, given by `_id` as it is stored; one that has ended meanwhile stays as it is."""
        fields = {"status": PlanStatus.SKIPPED.value, "reason": UNREADABLE, "period": period, "updatedAt": at}
        for start in range(0, len(stored_ids), _PAGE):
            some = list(stored_ids[start : start + _PAGE])
            with translated("end plans that cannot be read"):
                await self._plans.update_many({"_id": {"$in": some}, "status": {"$nin": _ENDED}}, {"$set": fields})

    async def end_lost(self, period: str, at: datetime) -> int:
        """End the plans no wave would find and what was queued for any unreadable one; return how many there are."""
        for reason, query in _lost(period).items():
            with translated("look for plans that no wave finds"):
                found = await self._plans.find(query, {"userId": 1}).to_list(None)
            if found:
                invalid = [Invalid(raw["_id"], reason, _user(period, raw), period) for raw in found]
                await self._quarantine.put("plans", invalid)
                await self.end(period, [raw["_id"] for raw in found], at)
        with translated("read the unreadable plans"):
            plans = await self._plans.find(_unreadable(period), {"userId": 1, "contacts": 1}).to_list(None)
        for start in range(0, len(plans), _PAGE):
            await self._end_entries(period, plans[start : start + _PAGE], at)
        return len(plans)

    async def count(self, period: str) -> int:
        """Return how many plans of a period were ended because they cannot be read."""
        with translated("count the unreadable plans"):
            return await self._plans.count_documents(_unreadable(period))

    async def forget(self, period: str, user_id: str) -> bool:
        """Delete a user's plan that was ended because it could not be read; return whether there was one."""
        query = {**_unreadable(period), "_id": plan_id(period, user_id)}
        with translated("delete a plan that could not be read"):
            return (await self._plans.delete_one(query)).deleted_count == 1

    async def _end_entries(self, period: str, plans: Sequence[Raw], at: datetime) -> None:
        """Skip what nobody will send any more, and note on the plans how many contacts have an entry."""
        users = {raw["_id"]: _user(period, raw) for raw in plans}
        query: Raw = {"period": period, "userId": {"$in": [user_id for user_id in users.values() if user_id]}}
        with translated("end what was queued for unreadable plans"):
            entries = await self._invitations.find(query, {"userId": 1, "status": 1, "claim": 1, "retryAt": 1}).to_list(
                None
            )
            skips = [refusal(raw["_id"], MailKind.INVITATION, UNREADABLE, at) for raw in entries if _is_left(raw)]
            if skips:
                await self._invitations.bulk_write(skips, ordered=False)
            counts = [sum(entry["userId"] == users[raw["_id"]] for entry in entries) for raw in plans]
            notes = [
                UpdateOne({"_id": raw["_id"]}, {"$set": {"contacts": count}})
                for raw, count in zip(plans, counts, strict=True)
                if raw.get("contacts") != count
            ]
            if notes:
                await self._plans.bulk_write(notes, ordered=False)


def ended(raw: Raw) -> str | None:
    """Return the period of a plan that was ended because it could not be read, None of any other."""
    is_ended = raw.get("status") == PlanStatus.SKIPPED.value and raw.get("reason") == UNREADABLE
    period = raw.get("period")
    return period if is_ended and isinstance(period, str) else None


def _unreadable(period: str) -> Raw:
    return {"period": period, "status": PlanStatus.SKIPPED.value, "reason": UNREADABLE}


def _lost(period: str) -> Mapping[str, Raw]:
    open_: Raw = {"period": period, "status": OPEN}
    return {
        "instant: no_instant": {**open_, "instant": {"$not": ON_EARTH}},
        "userId: no_id": {**open_, "userId": {"$not": A_USER}},
        "status: unknown": {"period": period, "status": {"$nin": _KNOWN}},
        # A plan's id is made of period and user; "/" comes after ".".
        "period: another": {
            "_id": {"$gt": f"{period}.", "$lt": f"{period}/"},
            "period": {"$ne": period},
            "status": {"$nin": _ENDED},
        },
    }


def _user(period: str, raw: Raw) -> str | None:
    user, key = raw.get("userId"), raw["_id"]
    if isinstance(user, str):
        return user
    return key.removeprefix(f"{period}.") if isinstance(key, str) else None


def _is_left(raw: Raw) -> bool:
    # What is being sent gets its outcome by its sender, what is tried again by its follow-up.
    return raw["status"] in _UNSENT["$in"] and raw.get("claim") is None and raw.get("retryAt") is None
