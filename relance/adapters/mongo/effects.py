"""What the workers' work leaves behind (SPEC H3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from relance.adapters.mongo.documents import MotorDatabase, Raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.unreadable_plans import ON_EARTH
from relance.domain.base import is_period
from relance.domain.control import ControlState
from relance.domain.plan import PlanStatus
from relance.domain.watchdog import DuePlans

_OPEN = {"$in": [PlanStatus.PLANNED.value, PlanStatus.SENDING.value]}
MOST_COUNTED = 10_000


class MongoEffects:
    """`ports.Effects` over the plans, the invitations and what the cycles were told."""

    def __init__(self, database: MotorDatabase) -> None:
        self._database = database

    async def plans_due(self, before: datetime) -> list[DuePlans]:
        """Return, by period, the plans that were due before an instant and are not done."""
        with translated("look for overdue plans"):
            periods = await self._database.plans.distinct("period")
            found = [await self._due(period, before) for period in sorted(filter(is_period, periods))]
        return [one for one in found if one is not None]

    async def last_mail(self, periods: Sequence[str]) -> datetime | None:
        """Return when the relay last accepted an invitation of these periods."""
        stages: list[Raw] = [
            {"$match": {"period": {"$in": list(periods)}}},
            {"$group": {"_id": None, "last": {"$max": "$sentAt"}}},
        ]
        with translated("look for the last mail"):
            found = await self._database.invitations.aggregate(stages).to_list(None)
        return cast("datetime | None", found[0]["last"]) if found else None

    async def stuck_claims(self, periods: Sequence[str], before: datetime) -> int:
        """Count the mails of these periods that were claimed before an instant and have no result."""
        stuck = {"period": {"$in": list(periods)}, "claim.at": {"$lt": before}}
        with translated("look for stuck mails"):
            return await self._database.invitations.count_documents(stuck, limit=MOST_COUNTED)

    async def _due(self, period: str, before: datetime) -> DuePlans | None:
        query: Raw = {"period": period, "status": _OPEN, "instant": {**ON_EARTH, "$lt": before}}
        first = await self._database.plans.find_one(query, {"instant": 1}, sort=[("instant", 1)])
        if first is None:
            return None
        count = await self._database.plans.count_documents(query, limit=MOST_COUNTED)
        told = await self._database.cycleControls.find_one({"_id": period}) or {}
        stopped = told.get("state", ControlState.RUNNING.value) != ControlState.RUNNING.value
        return DuePlans(period, count, first["instant"], (told.get("by") or "somebody") if stopped else None)
