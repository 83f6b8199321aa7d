"""Users whose month ended without a mail: which plans ended, and which contacts have an entry.

Plans are found by their `_id` (period and user), entries out of the index `(period, userId, contactId)` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from relance.adapters.mongo.documents import MotorDatabase, Raw, either
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.ranges import Ranges
from relance.adapters.mongo.unreadable_plans import A_USER
from relance.domain.cycle.planning import PlanStatus
from relance.domain.invitations.bounds import CONTACTS_PER_USER
from relance.domain.invitations.unsent import PlanEnding
from relance.ids import plan_id

TOGETHER = 50_000
"""Ids read by one command: an address book without end must not fill the memory."""

_STATUSES = [status.value for status in PlanStatus]
_UNSENT = [PlanStatus.SKIPPED.value, PlanStatus.CANCELLED.value]
_FIELDS = {"userId": 1, "status": 1, "reason": 1, "contacts": 1}


class MongoUnsentUsers:
    """`ports.unsent.UnsentUsers` over `plans`, `invitations` and `contacts`."""

    def __init__(
        self, database: MotorDatabase, ranges: Ranges | None = None, per_user: int = CONTACTS_PER_USER
    ) -> None:
        self._plans = database.plans
        self._invitations = database.invitations
        self._contacts = database.contacts
        self._ranges = ranges or Ranges()
        self._per_user = per_user

    async def unnoted(self, period: str, after: str | None, size: int) -> Mapping[str, PlanEnding]:
        """Return the next users with a plan that ended without sending and noted no contacts, in order of id."""
        query: Raw = {"period": period, "status": {"$in": _UNSENT}, "userId": A_USER, "contacts": None}
        with translated("look for plans that ended without sending"):
            # An index knows whether there is any such plan: the hourly pass over a million others is spared.
            if await self._plans.find_one({"period": period, "status": {"$in": _UNSENT}}, {"_id": 1}) is None:
                return {}
            start = plan_id(period, after) if after is not None else ""
            raws = await self._ranges.page(self._plans, period, query, size, after=start, fields=_FIELDS)
        return {raw["userId"]: _ending(raw) for raw in raws}

    async def endings(self, period: str, user_ids: Sequence[str]) -> Mapping[str, PlanEnding]:
        """Return how the plans of these users stand, of those who have one."""
        wanted = {plan_id(period, user_id): user_id for user_id in user_ids}
        with translated("read how plans stand"):
            raws = await self._plans.find({"_id": {"$in": list(wanted)}}, _FIELDS).to_list(None)
        return {wanted[raw["_id"]]: _ending(raw) for raw in raws if raw.get("status") in _STATUSES}

    async def entered(self, period: str, user_ids: Sequence[str]) -> Mapping[str, set[str]]:
        """Return which contacts of each user have an entry of the period."""
        query: Raw = {"period": period, "userId": {"$in": list(user_ids)}}
        result: dict[str, set[str]] = {user_id: set() for user_id in user_ids}
        with translated("read which contacts have an entry"):
            raws = await self._invitations.find(query, {"_id": 0, "userId": 1, "contactId": 1}).to_list(None)
        for raw in raws:
            result[raw["userId"]].add(raw["contactId"])
        return result

    async def contacts(self, user_ids: Sequence[str]) -> Mapping[str, set[str]]:
        """Return the ids of each user's first contacts in order of id, readable or not."""
        most = max(TOGETHER, self._per_user)
        found = await self._first_contacts(user_ids, most + 1)
        if sum(map(len, found.values())) > most:
            # One of them has so many that others may be missing.
            found = {user_id: (await self._first_contacts([user_id], self._per_user))[user_id] for user_id in user_ids}
        return {user_id: set(own[: self._per_user]) for user_id, own in found.items()}

    async def _first_contacts(self, user_ids: Sequence[str], most: int) -> dict[str, list[str]]:
        result: dict[str, list[str]] = {user_id: [] for user_id in user_ids}
        with translated("list the contacts of users"):
            found = self._contacts.find({"userId": {"$in": either(user_ids)}}, {"_id": 1, "userId": 1})
            raws = await found.sort("_id", 1).limit(most).max_time_ms(self._ranges.most_ms).to_list(None)
        for raw in raws:
            result[str(raw["userId"])].append(str(raw["_id"]))
        return result


def _ending(raw: Raw) -> PlanEnding:
    noted, reason = raw.get("contacts"), raw.get("reason")
    return PlanEnding(
        PlanStatus(raw["status"]),
        reason if isinstance(reason, str) else None,
        noted if isinstance(noted, int) else None,
    )
