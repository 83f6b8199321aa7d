"""`watchdog`: looks at effects from outside the workers, for cron, a timer or a probe (SPEC H3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Group
from temporalio.client import Client

from relance.cli.base.command import Run, command, sentence_of
from relance.cli.base.output import Answer, table
from relance.cli.base.resources import Repositories
from relance.contracts.names import TaskQueue
from relance.domain.alerts.reach import reached
from relance.domain.health import watchdog as rules
from relance.domain.health.watchdog import EffectState, Patience, WatchedEffect
from relance.domain.jobs.audit import AuditStatus
from relance.errors import DependencyUnavailable
from relance.runtime.process_exit import DONE, JOB_FAILED, UNREACHABLE
from relance.temporal.nominal_times import TemporalNominalTimes
from relance.temporal.schedules import declared
from relance.temporal.task_queues import POLLED_WITHIN, queue_state

EXAMPLES = """
starter.py watchdog
starter.py watchdog --quiet
"""


async def watchdog(
    run: Run,
    *,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing when all is well.")] = False,
) -> Answer:
    """Check that what the workers are there for happens: mails are accepted, jobs run, work is taken, people are told.

    A month without a cycle or without plans counts too: nothing else would say so.

    Exit code 0: all is well, and the dead-man address was called if there is one. 1: something has stopped having
    effect. 3: Temporal, MongoDB or the dead-man service cannot be reached.
    """
    now, patience = run.services.clock.now(), run.settings.watchdog.patience
    found = await asyncio.gather(
        _checked("mails", lambda: _by_the_database(run, now, patience)),
        _checked("tasks", lambda: _by_the_server(run, now, patience)),
        _checked("jobs", lambda: _jobs(run, now, patience)),
        _checked("periods", lambda: _periods(run)),
        _checked("gateway", lambda: _gateway(run)),
        _checked(rules.INTAKE, lambda: _intake(run, now)),
    )
    # What several need is away once.
    effects = list(dict.fromkeys(effect for some in found for effect in some))
    if _code(effects) == DONE:
        effects += await _checked("dead-man service", lambda: _deadman(run))
    code = _code(effects)
    data = {
        "well": code == DONE,
        "effects": [
            {"what": effect.what, "state": effect.state, "detail": effect.detail, "since": effect.since}
            for effect in effects
        ],
    }
    rows = [
        (effect.what, effect.state, effect.detail, effect.since)
        for effect in effects
        if not quiet or effect.state in _WRONG
    ]
    view = Group() if quiet and code == DONE else table("Watchdog", ("effect", "state", "detail", "since"), rows)
    return Answer(data, view, code)


_WRONG = frozenset({EffectState.STOPPED, EffectState.UNREACHABLE})


def _code(effects: Sequence[WatchedEffect]) -> int:
    states = {effect.state for effect in effects}
    if EffectState.UNREACHABLE in states:
        return UNREACHABLE
    return JOB_FAILED if EffectState.STOPPED in states else DONE


async def _checked(what: str, check: Callable[[], Awaitable[list[WatchedEffect]]]) -> list[WatchedEffect]:
    try:
        return await check()
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is an effect that cannot be seen; the others can
        sentence, code = sentence_of(error)
        if code == UNREACHABLE:
            # Not what was looked for is away, but the service that was asked.
            return [WatchedEffect(_dependency(error), EffectState.UNREACHABLE, sentence)]
        return [WatchedEffect(what, EffectState.STOPPED, sentence)]


def _dependency(error: Exception) -> str:
    return error.dependency if isinstance(error, DependencyUnavailable) else "Temporal"


async def _by_the_database(run: Run, now: datetime, patience: Patience) -> list[WatchedEffect]:
    async with run.database() as database:
        due = await database.effects.plans_due(now - patience.mails)
        periods = [plan.period for plan in due]
        last_mail = await database.effects.last_mail(periods, now - patience.mails) if periods else None
        stuck = await database.effects.stuck_claims(periods, now - patience.mails) if periods else 0
        open_alerts = await database.alerts.open()
        states = await database.channel_states.all()
    policy = run.settings.alerts.policy
    gathered = max(policy.interval, policy.medium.gather or timedelta(0))
    return [
        rules.mails(due, last_mail, now, patience.mails),
        rules.claims(stuck, patience.mails),
        rules.alerts(open_alerts, now, gathered + patience.alerts, run.settings.routes),
        *rules.readers(reached(run.settings.routes, states, run.settings.channels.fingerprint)),
    ]


async def _by_the_server(run: Run, now: datetime, patience: Patience) -> list[WatchedEffect]:
    client = await run.temporal()
    return list(await asyncio.gather(*(_tasks(client, queue, now, patience) for queue in TaskQueue)))


async def _jobs(run: Run, now: datetime, patience: Patience) -> list[WatchedEffect]:
    client = await run.temporal()
    async with run.database() as database:
        jobs = (_job(client, database, schedule.id, now, patience) for schedule in declared(run.settings))
        return list(await asyncio.gather(*jobs))


async def _tasks(client: Client, queue: TaskQueue, now: datetime, patience: Patience) -> WatchedEffect:
    found = await queue_state(client, queue, now - POLLED_WITHIN)
    return rules.tasks(queue, found.pollers, found.oldest, now, patience.tasks)


async def _job(client: Client, database: Repositories, job: str, now: datetime, patience: Patience) -> WatchedEffect:
    times = TemporalNominalTimes(client)
    schedule = await times.schedule(job)
    if schedule is None:
        return WatchedEffect(
            f"job {job}", EffectState.STOPPED, "its Schedule is not on the server: `starter.py schedules apply`"
        )
    if schedule.paused:
        return WatchedEffect(f"job {job}", EffectState.HELD, "its Schedule is paused")
    nominal = await times.latest(job, now - patience.jobs)
    if nominal is not None and nominal < max(schedule.created_at, schedule.changed_at):
        nominal = None
    recorded = nominal is not None and nominal in await database.job_runs.recorded(job, [nominal])
    running = False
    if nominal is not None and not recorded:
        execution = await times.execution(schedule, nominal)
        running = execution is not None and execution.status is AuditStatus.RUNNING
    return rules.job(job, nominal, now, patience, recorded=recorded, running=running)


async def _periods(run: Run) -> list[WatchedEffect]:
    client = await run.temporal()
    async with run.database(), run.services.health(run.settings, client) as health:
        return rules.periods(await health.periods.look()) if health.periods is not None else []


async def _gateway(run: Run) -> list[WatchedEffect]:
    if run.settings.gateway.public_url is None:
        return []
    try:
        await run.services.check_gateway(run.settings)
    except DependencyUnavailable as error:
        # The workers serve it: it is no dependency, but one of their effects.
        return [WatchedEffect("gateway", EffectState.STOPPED, error.detail)]
    return [WatchedEffect("gateway", EffectState.FINE, "answers where the links in messages lead")]


async def _intake(run: Run, now: datetime) -> list[WatchedEffect]:
    intake = run.settings.intake
    if intake.port is None:
        return []
    try:
        await run.services.greet_intake(run.settings)
    except DependencyUnavailable as error:
        # As above.
        return [WatchedEffect(rules.INTAKE, EffectState.STOPPED, error.detail)]
    async with run.database() as database:
        return [rules.intake(await database.intake_messages.lag(now), now)]


async def _deadman(run: Run) -> list[WatchedEffect]:
    if not await run.services.call_deadman(run.settings):
        return []
    return [WatchedEffect("dead-man service", EffectState.FINE, "was told that all is well")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "watchdog", EXAMPLES, keyless=True)(watchdog)
