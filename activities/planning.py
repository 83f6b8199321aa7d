"""Planning: from users' preferences to plans, waves and batches."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from temporalio import activity

from activities.errors import translated
from activities.unsent import Unsent
from relance.contracts.cycle import BatchesInput, Boundary, NextWave, NextWaveInput, PlanInput, PlanResult
from relance.domain.cycle.planning import Planner, PlanStatus
from relance.domain.cycle.send_times import INVALID, Defaults
from relance.ports import Meter, Plans, Quarantine, Users
from relance.services.alerts import AlertService
from relance.services.cycle_alerts import notify_send_times, notify_too_late

PAGE = 500
UNSENT_PER_PASS = 20_000
"""Users of plans that ended without sending whom one pass enters: the waves wait for it. The end takes the rest."""


@dataclass(frozen=True, slots=True)
class Planning:
    """Write the plans of a period and cut its waves into batches.

    Needs `Users`, `Plans`, `Meter`, the `Defaults` for users without preferences of their own, `Unsent` for those whose
    plan ends at once, and the `AlertService`. Each pass reads the documents in the `Quarantine` again and releases
    those that are valid by now.
    """

    users: Users
    plans: Plans
    defaults: Defaults
    meter: Meter
    quarantine: Quarantine
    unsent: Unsent
    alert_service: AlertService

    @activity.defn
    async def plan(self, request: PlanInput) -> PlanResult:
        """Plan every active user, page by page; goes on after a crash at the page it had reached."""
        planner = Planner(
            period=request.period,
            defaults=self.defaults,
            at=request.at,
            max_late=request.max_late,
            opening=request.opening,
            send_now=request.send_now,
            not_before=request.not_before,
        )
        reached = activity.info().heartbeat_details
        after, result = (reached[0], PlanResult.model_validate(reached[1])) if reached else (None, PlanResult())
        with translated():
            async for page in self.users.pages(after=after, size=PAGE):
                active = [user for user in page.items if user.is_active]
                known = await self.plans.known(request.period, [user.id for user in active])
                plans = [planner.plan(user, known=user.id in known) for user in active]
                written, changed = await self.plans.write(plans)
                new_notes = Counter(note for plan in plans for note in plan.notes)
                if request.opening:
                    self.meter.plan_notes(new_notes)
                result = PlanResult(
                    users=result.users + len(plans),
                    written=result.written + written,
                    changed=result.changed + changed,
                    skipped=result.skipped + sum(plan.status is PlanStatus.SKIPPED for plan in plans),
                    quarantined=result.quarantined + page.quarantined,
                    notes=dict(Counter(result.notes) + new_notes),
                    on_defaults=result.on_defaults + sum(not INVALID.isdisjoint(plan.notes) for plan in plans),
                )
                after = page.last_id
                activity.heartbeat(after, result.model_dump())
            unreadable = await self.plans.end_unreadable(request.period, request.at)
            await self.quarantine.review()
            await self.unsent.of_ended_plans(
                request.period,
                request.at,
                reached=lambda: activity.heartbeat(after, result.model_dump()),
                most=UNSENT_PER_PASS,
            )
            await notify_too_late(self.alert_service, request.period, *await self.plans.too_late(request.period))
            await notify_send_times(self.alert_service, request.period, result.on_defaults, result.notes)
        return result.model_copy(update={"unreadable": unreadable})

    @activity.defn
    async def next_wave(self, request: NextWaveInput) -> NextWave:
        """Return the earliest instant with plans to send."""
        with translated():
            found = await self.plans.next_instant(request.period, excluding=request.excluding)
        return NextWave(instant=found[0], users=found[1]) if found else NextWave()

    @activity.defn
    async def boundaries(self, request: BatchesInput) -> list[Boundary]:
        """Return the next batches of a wave; none means that the wave is complete."""
        with translated():
            return await self.plans.boundaries(
                request.period, request.instant, request.after_user, request.batch_users, request.limit
            )
