"""The plans of a period: one per user, fixed as soon as its sending begins (SPEC C3, C4)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from relance.adapters.mongo.documents import Collection, Raw, Reader, to_raw
from relance.adapters.mongo.errors import only_duplicates, translated
from relance.adapters.mongo.piecewise import read_each
from relance.adapters.mongo.quarantine import MongoQuarantine
from relance.adapters.mongo.ranges import Ranges
from relance.adapters.mongo.unreadable_plans import A_USER, ON_EARTH, OPEN, UnreadablePlans, ended
from relance.contracts.cycle import Boundary
from relance.domain.base import is_period
from relance.domain.cycle.planning import Plan, PlanReason, PlanStatus
from relance.domain.quarantine import ENDED_UNREADABLE, is_over
from relance.ids import plan_id


class MongoPlans:
    """`ports.Plans` over the collection `plans`; `invitations` are what was queued for them."""

    def __init__(
        self, collection: Collection, invitations: Collection, quarantine: MongoQuarantine, ranges: Ranges | None = None
    ) -> None:
        self._collection = collection
        self._ranges = ranges or Ranges()
        self._unreadable = UnreadablePlans(collection, invitations, quarantine)
        self._reader = Reader(Plan, "plans", quarantine)
        quarantine.checks("plans", self._reason, {})

    async def write(self, plans: Sequence[Plan]) -> tuple[int, int]:
        """Insert new plans and update those still `planned` that differ; return (inserted, changed).

        Compares before it writes, so that the hourly planning of unchanged users costs one read per page.
        """
        wanted = {plan.id: to_raw(plan) for plan in plans}
        with translated("read plans"):
            found = await self._collection.find({"_id": {"$in": list(wanted)}}).to_list(None)
        present = {raw["_id"]: raw for raw in found}
        writes = [write for key, raw in wanted.items() if (write := _write(raw, present.get(key))) is not None]
        if not writes:
            return 0, 0
        with translated("write plans"):
            try:
                result = await self._collection.bulk_write(writes, ordered=False)
            except BulkWriteError as error:
                # Somebody planned the same users in the same moment; theirs stand.
                if not only_duplicates(error):
                    raise
                return int(error.details["nUpserted"]), int(error.details["nModified"])
        return result.upserted_count, result.modified_count

    async def known(self, period: str, user_ids: Sequence[str]) -> set[str]:
        """Return which of these users have a plan of the period."""
        wanted = {plan_id(period, user_id): user_id for user_id in user_ids}
        with translated("look which users have a plan"):
            raws = await self._collection.find({"_id": {"$in": list(wanted)}}, {"_id": 1}).to_list(None)
        return {wanted[raw["_id"]] for raw in raws}

    async def next_instant(self, period: str, *, excluding: Sequence[datetime] = ()) -> tuple[datetime, int] | None:
        """Return the earliest instant of a `planned` or `sending` plan, but these, and how many plans have it."""
        query: Raw = {
            "period": period,
            "status": OPEN,
            "instant": {**ON_EARTH, "$nin": list(excluding)},
            "userId": A_USER,
        }
        with translated("find the next wave"):
            first = await self._collection.find_one(query, {"instant": 1}, sort=[("instant", 1)])
            if first is None:
                return None
            instant: datetime = first["instant"]
            limit = self._ranges.most_ms
            return instant, await self._collection.count_documents({**query, "instant": instant}, maxTimeMS=limit)

    async def boundaries(
        self, period: str, instant: datetime, after: str | None, size: int, limit: int
    ) -> list[Boundary]:
        """Return the next batch boundaries of a wave, over its `planned` and `sending` plans in order of user id."""
        query = {"period": period, "status": OPEN, "instant": instant, **_users(after, None)}
        with translated("cut a wave into batches"):
            found = self._collection.find(query, {"_id": 0, "userId": 1}).sort("userId", 1)
            users = [raw["userId"] for raw in await found.limit(size * limit).to_list(None)]
        result: list[Boundary] = []
        for start in range(0, len(users), size):
            batch = users[start : start + size]
            result.append(Boundary(after=users[start - 1] if start else after, last=batch[-1], users=len(batch)))
        return result

    async def begin(self, period: str, instant: datetime, boundary: Boundary, at: datetime) -> list[Plan]:
        """Move the boundary's `planned` plans to `sending`; return all that are `sending` now.

        Those that cannot be read are ended instead, or the wave would come again for them, and again.
        """
        query = {"period": period, "instant": instant, **_users(boundary.after, boundary.last)}
        with translated("begin a batch"):
            await self._collection.update_many(
                {**query, "status": PlanStatus.PLANNED.value},
                {"$set": {"status": PlanStatus.SENDING.value, "updatedAt": at}},
            )
            sending = {**query, "status": PlanStatus.SENDING.value}
            raws = await read_each(
                self._collection, lambda some, fields: some.find(sending, fields).sort("userId", 1), None
            )
        plans, spoilt = await self._reader.sorted_out(raws)
        if spoilt:
            await self._unreadable.end(period, spoilt, at)
        return plans

    async def finish(
        self, period: str, user_ids: Sequence[str], status: PlanStatus, at: datetime, reason: str | None = None
    ) -> None:
        """Move these `sending` plans to an end status."""
        fields: Raw = {"status": status.value, "updatedAt": at} | ({"reason": reason} if reason else {})
        ids = [plan_id(period, user_id) for user_id in user_ids]
        with translated("finish plans"):
            await self._collection.update_many(
                {"_id": {"$in": ids}, "status": PlanStatus.SENDING.value}, {"$set": fields}
            )

    async def expect(
        self, period: str, contacts: Mapping[str, int], beyond: Mapping[str, int] = MappingProxyType({})
    ) -> None:
        """Note on each user's plan how many contacts its batch found, and how many it did not look at."""
        writes = [
            UpdateOne({"_id": plan_id(period, user_id)}, _noted(count, beyond.get(user_id, 0)))
            for user_id, count in contacts.items()
        ]
        if writes:
            with translated("note the contacts of plans"):
                await self._collection.bulk_write(writes, ordered=False)

    async def expected(self, period: str) -> int:
        """Return the sum of the noted contacts over the period, those that were not looked at among them."""
        return await self._sum(period, "contacts") + await self.beyond(period)

    async def beyond(self, period: str) -> int:
        """Return the sum of the contacts over the period that were not looked at."""
        return await self._sum(period, "beyond")

    async def unnoted(self, period: str, *, size: int = 5000) -> AsyncIterator[list[str]]:
        """Yield the users of open plans on which no contacts are noted yet, by pages."""
        query = {"status": OPEN, "contacts": None, "userId": A_USER}
        after = ""
        while True:
            with translated("find plans that are still to be sent"):
                page = await self._ranges.page(self._collection, period, query, size, after=after, fields={"userId": 1})
            if page:
                after = page[-1]["_id"]
                yield [raw["userId"] for raw in page]
            if len(page) < size:
                return

    async def of_user(self, user_id: str) -> list[Plan]:
        """Return a user's plans, newest period first."""
        with translated("read a user's plans"):
            # A plan's id is made of period and user, which spares an index that only people's questions would use.
            periods = await self._collection.distinct("period")
            ids = [plan_id(period, user_id) for period in periods]
            raws = await self._collection.find({"_id": {"$in": ids}}).sort("period", -1).to_list(None)
        return await self._reader.valid(raws)

    async def of_users(self, period: str, user_ids: Sequence[str]) -> dict[str, Plan]:
        """Return these users' plans of a period, by user id."""
        ids = [plan_id(period, user_id) for user_id in user_ids]
        with translated("read the plans of users"):
            raws = await self._collection.find({"_id": {"$in": ids}}).to_list(None)
        return {plan.user_id: plan for plan in await self._reader.valid(raws)}

    async def periods(self) -> list[str]:
        """Return the periods that have plans, newest first."""
        with translated("list the periods"):
            found = await self._collection.distinct("period")
        return sorted(filter(is_period, found), reverse=True)

    async def not_due(self, period: str, at: datetime) -> int:
        """Count the plans that wait for a later time: those `send_now` would move."""
        with translated("count the plans that wait"):
            return await self._collection.count_documents(_not_due(period, at), maxTimeMS=self._ranges.most_ms)

    async def send_now(self, period: str, at: datetime) -> int:
        """Make those plans due at an instant, fixed as `sending`; return how many.

        As `planned` the next planning pass would put them back to the users' own times.
        """
        fields = {"instant": at, "status": PlanStatus.SENDING.value, "updatedAt": at}
        with translated("make plans due"):
            result = await self._collection.update_many(_not_due(period, at), {"$set": fields})
        return result.modified_count

    async def open_count(self, period: str) -> int:
        """Count the period's `planned` and `sending` plans."""
        with translated("count open plans"):
            query = {"period": period, "status": OPEN}
            return await self._collection.count_documents(query, maxTimeMS=self._ranges.most_ms)

    async def end_unreadable(self, period: str, at: datetime) -> int:
        """End what no wave can send, with all that was queued for it; return how many unreadable plans there are."""
        return await self._unreadable.end_lost(period, at)

    async def _sum(self, period: str, field: str) -> int:
        stages: list[Raw] = [
            {"$match": {field: {"$gte": 0}}},
            {"$group": {"_id": None, "sum": {"$sum": f"${field}"}}},
        ]
        total = 0
        with translated("sum up expected contacts"):
            async for _, found in self._ranges.groups(self._collection, period, stages):
                total += sum(int(row["sum"]) for row in found)
        return total

    async def forget_unreadable(self, period: str, user_id: str) -> bool:
        """Delete a user's plan that was ended because it could not be read, for the planning to write it anew."""
        return await self._unreadable.forget(period, user_id)

    async def too_late(self, period: str) -> tuple[int, int]:
        """Return how many users' plans were skipped because their send time had passed, and how many contacts noted."""
        skipped: Raw = {"period": period, "status": PlanStatus.SKIPPED.value}
        stages: list[Raw] = [
            {"$match": {**skipped, "reason": PlanReason.TOO_LATE.value}},
            {"$group": {"_id": None, "users": {"$sum": 1}, "contacts": {"$sum": "$contacts"}}},
        ]
        users = contacts = 0
        with translated("count the plans that came too late"):
            # The index knows whether there is any: then the hourly pass does not go over all plans.
            if await self._collection.find_one(skipped, {"_id": 1}) is not None:
                async for _, found in self._ranges.groups(self._collection, period, stages):
                    users += sum(int(row["users"]) for row in found)
                    contacts += sum(int(row["contacts"]) for row in found)
        return users, contacts

    async def unreadable_count(self, period: str) -> int:
        """Count the period's plans that were ended because they cannot be read."""
        return await self._unreadable.count(period)

    def _reason(self, raw: Raw) -> str | None:
        """Return why a plan is set aside; one that was ended stays so while its period is open, repaired or not."""
        period = ended(raw)
        if (reason := self._reader.reason(raw)) is not None or period is None:
            return reason
        return None if is_over(period, datetime.now(UTC)) else f"status: {ENDED_UNREADABLE}"


def _noted(contacts: int, beyond: int) -> Raw:
    if beyond:
        return {"$set": {"contacts": contacts, "beyond": beyond}}
    return {"$set": {"contacts": contacts}, "$unset": {"beyond": ""}}


def _not_due(period: str, at: datetime) -> Raw:
    return {"period": period, "userId": A_USER, "status": PlanStatus.PLANNED.value, "instant": {"$gt": at}}


def _users(after: str | None, last: str | None) -> Raw:
    lower: dict[str, Any] = {"$gt": after} if after is not None else {}
    upper: dict[str, Any] = {"$lte": last} if last is not None else {}
    return {"userId": {**A_USER, **lower, **upper}}


def _write(wanted: Raw, present: Raw | None) -> UpdateOne | None:
    if present is None:
        fields = {name: value for name, value in wanted.items() if name != "_id"}
        return UpdateOne({"_id": wanted["_id"]}, {"$setOnInsert": fields}, upsert=True)
    if present.get("status") != PlanStatus.PLANNED.value or not _differ(wanted, present):
        return None
    if wanted["instant"] <= wanted["updatedAt"] and wanted["instant"] != present.get("instant"):
        # The change would put the send into the past: it counts from the next period on.
        return None
    return UpdateOne({"_id": wanted["_id"], "status": PlanStatus.PLANNED.value}, {"$set": wanted})


def _differ(wanted: Raw, present: Raw) -> bool:
    return any(
        _comparable(present.get(name)) != _comparable(value) for name, value in wanted.items() if name != "updatedAt"
    )


def _comparable(value: Any) -> Any:
    # MongoDB keeps milliseconds and has no tuples.
    if isinstance(value, datetime):
        return value.replace(microsecond=value.microsecond // 1000 * 1000)
    return list(value) if isinstance(value, tuple) else value
