"""What follows for the users of documents that can be read again: a plan, where a period is still open."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Protocol

from relance.domain.cycle.coverage import watched_periods
from relance.domain.cycle.planning import Plan, PlanStatus
from relance.domain.cycle.send_times import period_window
from relance.domain.quarantine import PLANS, SetAside
from relance.domain.sentences import Sentence
from relance.ports import Clock, Plans, Users

PATIENCE_S = 20.0
LOOK_EVERY_S = 0.25
MOST_TOLD = 500
"""Users whose plans are looked up afterwards; the others are planned all the same."""


class PlanningCycles(Protocol):
    """The workflows of the cycles, as far as they plan."""

    async def runs(self, period: str) -> bool:
        """Return whether a period's cycle runs now."""

    async def replan(self, period: str) -> bool:
        """Have a period's cycle plan again; return False if it does not run."""


@dataclass
class Replanning:
    """Has cycles that run plan again; `cycles` is None while Temporal does not answer.

    `patience` is for how many seconds plans are waited for.
    """

    users: Users
    plans: Plans
    cycles: PlanningCycles | None
    max_late: timedelta
    clock: Clock
    patience: float = PATIENCE_S
    _running: list[str] = field(default_factory=list)

    async def reopen(self, those: Sequence[SetAside]) -> None:
        """Delete the plans among these that were ended as unreadable, where a cycle runs that writes them anew."""
        for document in those:
            if document.collection != PLANS or document.user is None or document.period is None or self.cycles is None:
                continue
            if self._still_plans(document.period) and await self.cycles.runs(document.period):
                await self.plans.forget_unreadable(document.period, document.user)

    async def plan(self, healed: Sequence[SetAside]) -> dict[str, list[str]]:
        """Return what follows for each document, by its key, after the cycles that run have planned again."""
        users = sorted({document.user for document in healed if document.user is not None})[:MOST_TOLD]
        known = await self.users.by_ids(users)
        if known and self.cycles is not None:
            periods = [
                period for period in watched_periods(self.clock.now(), self.max_late) if self._still_plans(period)
            ]
            self._running = [period for period in periods if await self.cycles.replan(period)]
        active = [user for user in users if user in known and known[user].is_active]
        plans = await self._planned(active) if self._running else {user: {} for user in active}
        return {document.key: self._follows(document, known, plans) for document in healed}

    def _still_plans(self, period: str) -> bool:
        # Past its last send time a cycle runs on until its mails have an outcome, and plans nobody any more.
        return self.clock.now() <= period_window(period)[1]

    async def _planned(self, users: Sequence[str]) -> dict[str, dict[str, Plan]]:
        """Return the users' plans by period, waiting for a while for those that are missing."""
        until = monotonic() + self.patience
        plans: dict[str, dict[str, Plan]] = {user: {} for user in users}
        missing = set(users)
        while missing:
            for user in sorted(missing):
                plans[user] = {plan.period: plan for plan in await self.plans.of_user(user)}
                if plans[user].keys() >= set(self._running):
                    missing.discard(user)
            if missing and monotonic() > until:
                break
            if missing:
                await asyncio.sleep(LOOK_EVERY_S)
        return plans

    def _follows(
        self, document: SetAside, known: Mapping[str, object], plans: Mapping[str, Mapping[str, Plan]]
    ) -> list[str]:
        if (nothing := _nothing(document, known, plans)) is not None:
            return [Sentence("nothing: {reason}", reason=nothing)]
        if self.cycles is None:
            return [Sentence("the next planning pass of an open cycle takes the user")]
        if document.collection == PLANS and document.period is not None and document.period not in self._running:
            return [
                Sentence(
                    "{period}: nobody plans it any more, or not yet; the user is planned with the next period",
                    period=document.period,
                )
            ]
        if not self._running:
            return [Sentence("no cycle runs: the next one plans the user when it is opened")]
        replanned = [each for each in self._running if document.collection != PLANS or each == document.period]
        return [_outcome(document, period, plans[document.user or ""].get(period)) for period in replanned]


def _nothing(document: SetAside, known: Mapping[str, object], plans: Mapping[str, object]) -> str | None:
    """Return why nothing follows for anybody, None if something does."""
    if document.user is None:
        return Sentence("it concerns no user we know")
    if document.user not in known:
        return Sentence("there is no user {user} who can be read", user=document.user)
    return Sentence("the user is not active") if document.user not in plans else None


def _outcome(document: SetAside, period: str, plan: Plan | None) -> str:
    if plan is None:
        return Sentence("{period}: not planned yet, the next planning pass of its cycle takes the user", period=period)
    match plan.status:
        case PlanStatus.PLANNED:
            return Sentence("{period}: planned for {when} UTC", period=period, when=f"{plan.instant:%Y-%m-%d %H:%M:%S}")
        case PlanStatus.SKIPPED:
            reason = (plan.reason or "no reason").replace("_", " ")
            return Sentence("{period}: left out ({reason}), from the next period on", period=period, reason=reason)
        case PlanStatus.CANCELLED:
            return Sentence("{period}: left out, the cycle was cancelled", period=period)
    if document.collection == PLANS:
        return Sentence("{period}: sent", period=period)
    return Sentence("{period}: too late, the mails have gone out without it", period=period)
