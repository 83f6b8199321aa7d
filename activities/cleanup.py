"""The weekly cleanup: expires invitations, deletes old documents, anonymises old periods (SPEC H1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from activities import attempt
from activities.errors import translated
from relance.concurrency import at_once
from relance.contracts.jobs import Ended, EndedInput, Expired, JobRequest, SweepInput
from relance.domain.jobs.retention import DOUBTS_HOLD, EXPIRY_GRACE, Retention, RetentionStage, Sweep, held_counts
from relance.ports import Ledger, RunningFollowUps
from relance.ports.jobs import Archive, Overdue
from relance.ports.reconciliation import CycleWatch

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Cleanup:
    """Expires, selects and deletes. Finished work is not found again, so a run after a crash does the rest."""

    archive: Archive
    ledger: Ledger
    follow_ups: RunningFollowUps
    cycles: CycleWatch
    retention: Retention

    @activity.defn
    async def expire(self, request: JobRequest) -> Expired:
        """Expire invitations past their expiry whose follow-up is gone; one that still runs will do it itself."""
        known = activity.info().heartbeat_details
        (period, after), result = ((known[0][0], known[0][1]), known[0][2]) if known else (("", ""), {})
        place, done = (period, after), Expired.model_validate(result)
        before = request.nominal - EXPIRY_GRACE
        with translated():
            async with attempt.heartbeating(lambda: (*place, done.model_dump(mode="json"))):
                for period in [month for month in await self.archive.periods() if month >= place[0]]:
                    after = place[1] if period == place[0] else ""
                    while page := await self.archive.overdue(period, after, PAGE, before):
                        free = await self._without_follow_up(period, page)
                        expired = len(free) if request.dry_run else await self.ledger.expire(free, request.nominal)
                        busy = done.busy if len(free) == len(page) else tuple(sorted({*done.busy, period}))
                        after = page[-1].id
                        done, place = Expired(expired=done.expired + expired, busy=busy), (period, after)
        return done

    @activity.defn
    async def ended(self, request: EndedInput) -> Ended:
        """Return the periods that are old enough and at rest; of a cycle that still runs nothing is touched."""
        chosen: dict[RetentionStage, list[str]] = {RetentionStage.DELETED: [], RetentionStage.ANONYMOUS: []}
        held: list[tuple[str, ...]] = []
        with translated():
            async with attempt.heartbeating(lambda: None):
                for period in await self.archive.periods():
                    stage = self.retention.stage(period, request.nominal)
                    if stage is RetentionStage.KEPT or (
                        stage is RetentionStage.ANONYMOUS and not await self.archive.has_names(period)
                    ):
                        continue
                    reasons = await self._unsettled(period, request)
                    if reasons:
                        held.append(reasons)
                    else:
                        chosen[stage].append(period)
        return Ended(
            delete=tuple(chosen[RetentionStage.DELETED]),
            anonymise=tuple(chosen[RetentionStage.ANONYMOUS]),
            held=held_counts(held),
        )

    @activity.defn
    async def sweep(self, request: SweepInput) -> int:
        """Do one sweep, page by page; return how many documents it was about. A dry run counts the same ones."""
        known = activity.info().heartbeat_details
        done, before = (int(known[0]) if known else 0), self._before(request)
        archive, sweep, periods = self.archive, request.sweep, request.periods
        with translated():
            async with attempt.heartbeating(lambda: done):
                if request.dry_run:
                    return await archive.count(sweep, before=before, periods=periods)
                while count := await archive.sweep(sweep, before=before, periods=periods, size=PAGE):
                    done += count
                if sweep is Sweep.PLANS_ANONYMISED:
                    await archive.end_anonymising(periods)
        return done

    def _before(self, request: SweepInput) -> datetime:
        if request.sweep.stage is not None:
            return request.nominal - EXPIRY_GRACE
        return self.retention.cutoff(request.sweep, request.nominal)

    async def _without_follow_up(self, period: str, page: Sequence[Overdue]) -> list[str]:
        users = sorted({entry.user_id for entry in page})
        running = await at_once(users, lambda user: self.follow_ups.running(period, user))
        gone = {user for user, count in zip(users, running, strict=True) if not count}
        return [entry.id for entry in page if entry.user_id in gone]

    async def _unsettled(self, period: str, request: EndedInput) -> tuple[str, ...]:
        found = await self.archive.unsettled(
            period, timers_after=request.nominal - EXPIRY_GRACE, doubts_since=request.nominal - DOUBTS_HOLD
        )
        late = ("follow_ups_live",) if period in request.busy else ()
        running = ("cycle_running",) if await self.cycles.runs(period) else ()
        return tuple(dict.fromkeys([*found.reasons, *late, *running]))
