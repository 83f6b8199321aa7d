"""Whether a period has plans, and which users have none, at a cost that does not grow with the users (SPEC C4, H2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from relance.adapters.mongo.documents import MotorDatabase, Raw, Reader, to_raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.people import MongoUsers
from relance.adapters.mongo.quarantine import MongoQuarantine
from relance.domain.base import Document, Period, Utc
from relance.domain.cycle.planning import PlanStatus
from relance.domain.cycle.send_times import period_before
from relance.domain.invitations.people import User
from relance.ids import plan_id

PAGE, PAGES = 1000, 10
"""Ten thousand users a look: all of today's at once, a million in some hours of looks."""
MOST_WAITING = 1000
MOST_COUNTED = 100_000
LIMIT_MS = 5000
_OPEN = {"$in": [PlanStatus.PLANNED.value, PlanStatus.SENDING.value]}
# As the model reads it: null is a missing field, and a user without a status is active.
_ACTIVE: Raw = {"status": {"$in": ["active", None]}}
_REPORT = "monthly-cycle-report"


class WaitingUser(Document):
    """A user who was first seen without a plan at this instant."""

    user_id: str
    since: Utc


class PlanSearch(Document):
    """How far the users are searched for those without a plan of a period, and who was found there."""

    period: Period = Field(alias="_id")
    after: str | None = None
    waiting: tuple[WaitingUser, ...] = ()
    at: Utc


class MongoCoverage:
    """`ports.Coverage` over users, plans and reports; `planSearches` keeps one small document per period."""

    def __init__(self, database: MotorDatabase, users: MongoUsers, quarantine: MongoQuarantine) -> None:
        self._database = database
        self._users = users
        self._reader = Reader(PlanSearch, "planSearches", quarantine)

    async def first_period(self) -> str | None:
        """Return the earliest period that has plans or a report."""
        with translated("look for the first period"):
            plan = await self._database.plans.find_one({}, {"period": 1}, sort=[("period", 1)], max_time_ms=LIMIT_MS)
            report = await self._database.jobRuns.find_one(
                {"job": _REPORT}, {"nominal": 1}, sort=[("nominal", 1)], max_time_ms=LIMIT_MS
            )
        found = [str(period) for period in ((plan or {}).get("period"), (report or {}).get("nominal")) if period]
        return min(found, default=None)

    async def has_users(self) -> bool:
        """Return whether there is any active user."""
        with translated("look for a user"):
            return await self._database.users.find_one(_ACTIVE, {"_id": 1}, max_time_ms=LIMIT_MS) is not None

    async def has_plans(self, period: str) -> bool:
        """Return whether the period has any plan, whatever became of it."""
        with translated("look for a plan"):
            query = {"period": period}
            return await self._database.plans.find_one(query, {"period": 1}, max_time_ms=LIMIT_MS) is not None

    async def plans_open(self, period: str) -> int:
        """Count the period's `planned` and `sending` plans; no further than a limit."""
        with translated("count open plans"):
            query: Raw = {"period": period, "status": _OPEN}
            return await self._database.plans.count_documents(query, limit=MOST_COUNTED, maxTimeMS=LIMIT_MS)

    async def waiting(self, period: str, at: datetime) -> Sequence[datetime]:
        """Return since when each active user that has no plan of the period is seen without one.

        After a crash before the search is stored, the next call looks at the same users again.
        """
        with translated("read how far users are searched"):
            before = await self._reader.one(await self._database.planSearches.find_one({"_id": period}))
        known = {plan.user_id: plan.since for plan in before.waiting} if before else {}
        still = await self._without_plan(period, list((await self._users.by_ids(list(known))).values()))
        found, after = await self._search(period, before.after if before else None)
        since = {user_id: known.get(user_id, at) for user_id in [*still, *found]}
        oldest = sorted(since, key=lambda user_id: since[user_id])[:MOST_WAITING]
        kept = tuple(WaitingUser(user_id=user_id, since=since[user_id]) for user_id in oldest)
        search = PlanSearch(period=period, after=after, waiting=kept, at=at)
        with translated("store how far users are searched"):
            await self._database.planSearches.replace_one({"_id": period}, to_raw(search), upsert=True)
            await self._database.planSearches.delete_many({"_id": {"$lt": period_before(period_before(period))}})
        return [plan.since for plan in kept]

    async def _search(self, period: str, after: str | None) -> tuple[list[str], str | None]:
        """Return who of the next users has no plan, and where to go on: None is the beginning."""
        found: list[str] = []
        pages = 0
        async for page in self._users.pages(after=after, size=PAGE):
            found += await self._without_plan(period, page.items)
            after, pages = page.last_id, pages + 1
            if pages == PAGES:
                return found, after
        return found, None

    async def _without_plan(self, period: str, users: Sequence[User]) -> list[str]:
        ids = {plan_id(period, user.id): user.id for user in users if user.is_active}
        if not ids:
            return []
        with translated("look for the plans of users"):
            raws: list[dict[str, Any]] = (
                await self._database.plans.find({"_id": {"$in": list(ids)}}, {"_id": 1})
                .max_time_ms(LIMIT_MS)
                .to_list(None)
            )
        planned = {raw["_id"] for raw in raws}
        return [user_id for key, user_id in ids.items() if key not in planned]
