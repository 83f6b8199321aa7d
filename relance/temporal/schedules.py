"""The Schedules we declare, and how they are brought to the server and handled there (SPEC C1, section 9)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleDescription,
    ScheduleHandle,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError

from relance.concurrency import at_once
from relance.contracts.checks import CheckInput
from relance.contracts.cycle import CycleOptions, OpenPeriodInput
from relance.contracts.jobs import JobInput
from relance.contracts.names import MONTHLY_SCHEDULE, CheckName, JobName, TaskQueue, Workflow
from relance.domain.jobs.cron import is_hourly, split_zone, zone_of
from relance.domain.jobs.schedule_changes import left_out
from relance.errors import NotFound
from relance.settings import Settings
from relance.temporal import checks, jobs
from relance.temporal.errors import is_missing
from relance.temporal.nominal_times import TemporalNominalTimes

AHEAD = timedelta(days=70)
"""So far ahead nominal times are compared: further than the next opening of a month."""
MANAGED = "managed by relance"
RPC_TIMEOUT = timedelta(seconds=10)
CHECK_TIMEOUT = timedelta(days=1)
"""A check that found no worker in time records that itself; only one that nobody ever runs must not block the next."""


@dataclass(frozen=True, slots=True)
class DeclaredSchedule:
    """A Schedule as it should be: `cron` in `zone`, starting `workflow` with `argument`.

    A run that is not done within `execution_timeout` is ended by the server.
    """

    id: str
    cron: str
    zone: str
    catchup: timedelta
    workflow: str
    argument: OpenPeriodInput | CheckInput | JobInput
    workflow_id: str
    task_queue: str
    summary: str
    execution_timeout: timedelta

    def schedule(self, state: ScheduleState) -> Schedule:
        """Return what the server shall hold, in this state."""
        action = ScheduleActionStartWorkflow(
            self.workflow,
            self.argument,
            id=self.workflow_id,
            task_queue=self.task_queue,
            execution_timeout=self.execution_timeout,
            static_summary=self.summary,
        )
        return Schedule(
            action=action,
            # The server refuses a zone in the expression beside another one.
            spec=ScheduleSpec(cron_expressions=[split_zone(self.cron)[1]], time_zone_name=self.zone),
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=self.catchup),
            state=state,
        )


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply` did to one Schedule: `created` or `updated`, and the state it found or made.

    `before` are the nominal times still ahead of it until now, `left_out` those of them that the change leaves out.
    """

    id: str
    change: str
    paused: bool
    note: str | None
    before: tuple[datetime, ...] = ()
    left_out: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    """How one declared Schedule stands on the server; `present` is False when it was never applied."""

    id: str
    present: bool
    cron: str
    zone: str
    paused: bool = False
    note: str | None = None
    next_times: tuple[datetime, ...] = ()
    last_nominal: datetime | None = None
    last_started: datetime | None = None
    actions: int = 0
    missed: int = 0


def cycle_options(settings: Settings) -> CycleOptions:
    """Return the limits of a cycle that starts now."""
    return CycleOptions(
        batch_users=settings.batches.users,
        batches_in_flight=settings.batches.in_flight,
        replan_every=settings.scheduling.replan_every,
        max_late=settings.scheduling.max_late,
        expiry_days=settings.scheduling.expiry_days,
        waves_per_hour=settings.batches.waves_per_hour,
    )


def declared(settings: Settings) -> list[DeclaredSchedule]:
    """Return every Schedule this installation should have; without a key for Everflow there are no checks."""
    names = CheckName if settings.everflow.api_key is not None else ()
    return [
        _monthly(settings),
        *(_job(name, settings) for name in JobName),
        *(_check(name, settings) for name in names),
    ]


def _monthly(settings: Settings) -> DeclaredSchedule:
    scheduling = settings.scheduling
    zone = zone_of(scheduling.cycle_cron, scheduling.default_zone)
    return DeclaredSchedule(
        id=MONTHLY_SCHEDULE,
        cron=scheduling.cycle_cron,
        zone=zone,
        catchup=scheduling.cycle_catchup,
        workflow=Workflow.OPEN_PERIOD,
        argument=OpenPeriodInput(zone=zone, options=cycle_options(settings)),
        workflow_id="open-period",
        task_queue=TaskQueue.OPS,
        summary="Opens next month's cycle",
        # A run that waits for a worker longer than its own catch-up window would come too late anyway.
        execution_timeout=scheduling.cycle_catchup,
    )


def _check(name: CheckName, settings: Settings) -> DeclaredSchedule:
    everflow = settings.everflow
    return DeclaredSchedule(
        id=name,
        cron=checks.cron_of(name, everflow),
        zone=zone_of(checks.cron_of(name, everflow), everflow.timezone),
        catchup=checks.catchup_of(name, everflow),
        workflow=checks.WORKFLOWS[name],
        argument=checks.check_input(name, everflow),
        workflow_id=name,
        task_queue=TaskQueue.OPS,
        summary=checks.SUMMARIES[name],
        execution_timeout=CHECK_TIMEOUT,
    )


def _job(name: JobName, settings: Settings) -> DeclaredSchedule:
    cron = jobs.cron_of(name, settings.jobs)
    return DeclaredSchedule(
        id=name,
        cron=cron,
        # Where a clock is put back the server passes two hours over, in each of which it finds a single time (1.32).
        zone=zone_of(cron, "UTC" if is_hourly(cron) else settings.scheduling.default_zone),
        catchup=jobs.catchup_of(name, settings.jobs),
        workflow=jobs.WORKFLOWS[name],
        argument=jobs.job_input(name, settings.jobs),
        workflow_id=name,
        task_queue=TaskQueue.OPS,
        summary=jobs.SUMMARIES[name],
        execution_timeout=jobs.timeout_of(name, settings.jobs),
    )


async def apply(client: Client, settings: Settings) -> list[Applied]:
    """Create or update every declared Schedule; whether it is paused, and its note, stay as an operator left them."""
    return [await _apply_one(client, wanted) for wanted in declared(settings)]


async def _apply_one(client: Client, wanted: DeclaredSchedule) -> Applied:
    times, now = TemporalNominalTimes(client), datetime.now(UTC)
    fresh = ScheduleState(note=MANAGED)
    try:
        await client.create_schedule(wanted.id, wanted.schedule(fresh), rpc_timeout=RPC_TIMEOUT)
    except ScheduleAlreadyRunningError:
        states: list[ScheduleState] = []

        def keep_state(found: ScheduleUpdateInput) -> ScheduleUpdate:
            states.append(found.description.schedule.state)
            return ScheduleUpdate(wanted.schedule(states[-1]))

        # The server cannot list the times of an expression that it has no more.
        known = await times.schedule(wanted.id)
        before, _ = await times.matching(wanted.id, now, now + AHEAD)
        await client.get_schedule_handle(wanted.id).update(keep_state, rpc_timeout=RPC_TIMEOUT)
        changed = await times.schedule(wanted.id)
        same = known is not None and changed is not None and known.spec == changed.spec
        after, _ = (before, now) if same else await times.matching(wanted.id, now, now + AHEAD)
        return Applied(
            id=wanted.id,
            change="updated",
            paused=states[-1].paused,
            note=states[-1].note,
            before=tuple(before),
            left_out=left_out(before, after),
        )
    return Applied(wanted.id, "created", fresh.paused, fresh.note)


async def lines(client: Client, settings: Settings) -> list[ScheduleLine]:
    """Return how every declared Schedule stands."""
    return await at_once(declared(settings), lambda wanted: _line(client, wanted))


async def _line(client: Client, wanted: DeclaredSchedule) -> ScheduleLine:
    try:
        async with handle(client, wanted.id) as found:
            description = await found.describe(rpc_timeout=RPC_TIMEOUT)
    except NotFound:
        return ScheduleLine(wanted.id, present=False, cron=wanted.cron, zone=wanted.zone)
    return _described(wanted, description)


def _described(wanted: DeclaredSchedule, description: ScheduleDescription) -> ScheduleLine:
    info, state = description.info, description.schedule.state
    last = info.recent_actions[-1] if info.recent_actions else None
    return ScheduleLine(
        wanted.id,
        present=True,
        cron=wanted.cron,
        zone=wanted.zone,
        paused=state.paused,
        note=state.note,
        next_times=tuple(info.next_action_times),
        last_nominal=last.scheduled_at if last else None,
        last_started=last.started_at if last else None,
        actions=info.num_actions,
        missed=info.num_actions_missed_catchup_window,
    )


@asynccontextmanager
async def handle(client: Client, schedule_id: str) -> AsyncIterator[ScheduleHandle]:
    """Yield a Schedule's handle.

    Raises:
        NotFound: a call on the handle finds no such Schedule on the server.
    """
    try:
        yield client.get_schedule_handle(schedule_id)
    except RPCError as error:
        if not is_missing(error):
            raise
        raise NotFound(
            f"there is no Schedule {schedule_id!r} on the server; create it with `schedules apply`"
        ) from None


async def pause(client: Client, schedule_id: str, reason: str) -> None:
    """Stop a Schedule from acting; times that pass meanwhile are not made up for."""
    async with handle(client, schedule_id) as found:
        await found.pause(note=reason, rpc_timeout=RPC_TIMEOUT)


async def resume(client: Client, schedule_id: str, reason: str) -> None:
    """Let a paused Schedule act again."""
    async with handle(client, schedule_id) as found:
        await found.unpause(note=reason, rpc_timeout=RPC_TIMEOUT)


async def trigger(client: Client, schedule_id: str) -> None:
    """Let a Schedule act once, now."""
    async with handle(client, schedule_id) as found:
        await found.trigger(rpc_timeout=RPC_TIMEOUT)
