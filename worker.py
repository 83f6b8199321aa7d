"""The worker: settings -> adapters -> activities -> Worker. Run `worker.py --help`."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, NoReturn

import typer
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.worker import Worker, WorkerDeploymentConfig

from activities.alerts import Address, AlertDelivery, Voice
from activities.control import Controlling, ControlWatch
from activities.corrections import Corrections
from activities.endings import Endings
from activities.error_gate import Gates
from activities.follow_up_starts import FollowUpStarts
from activities.follow_ups import FollowUpSteps
from activities.invitations import Invitations
from activities.planning import Planning
from activities.reports import ReportChecks
from activities.sending import Sender
from activities.statistics import Statistics
from relance import __version__
from relance.adapters.attachment_tokens import AttachmentTokens
from relance.adapters.breaker import Breakers
from relance.adapters.channels.opening import OpenChannels
from relance.adapters.everflow.reports import EverflowReports
from relance.adapters.mongo.connection import Database
from relance.adapters.mongo.connection import connect as connect_mongo
from relance.adapters.relay_log.opening import opened_relay_log
from relance.adapters.smtp.mailer import SmtpMailer
from relance.adapters.tokens import LinkTokens, Purpose
from relance.alerting import AlertDesk
from relance.braking import Brake
from relance.clock import SystemClock
from relance.contracts.names import TaskQueue
from relance.controlling import CycleDesk
from relance.domain.send_times import Defaults
from relance.gateway.addresses import attachment_addresses
from relance.gateway.application import application
from relance.gateway.server import serving
from relance.ports import RelayLog
from relance.rendering.alert_charts import AlertCharts
from relance.rendering.alert_mail import AlertMailWriter
from relance.rendering.letters import LetterWriter
from relance.runtime import exit as way_out
from relance.runtime.error_counting import ErrorCounting
from relance.runtime.logs import configure_logging
from relance.runtime.metrics import Instruments
from relance.runtime.shutdown import stop_requested
from relance.runtime.supervisor import child_environment, join_supervisor, supervise
from relance.runtime.telemetry import configure
from relance.settings import Settings, load_settings
from relance.temporal.alert_groups import TemporalAlertGroups
from relance.temporal.connection import connect as connect_temporal
from relance.temporal.cycles import TemporalCycles
from relance.temporal.follow_ups import TemporalFollowUps
from relance.temporal.plugin import Sandbox, relance_plugin
from workflows.registry import WORKFLOWS

# Shown in Temporal Web; without it the SDK hashes every loaded module at each start.
VERSION = WorkerDeploymentConfig(
    version=WorkerDeploymentVersion(deployment_name="relance", build_id=__version__), use_worker_versioning=False
)

LAST_MOMENTS = 2.0
"""Seconds after the drain in which results are recorded and connections closed; all in all less than the 30 of X5."""

logger = logging.getLogger(__name__)


class Role(StrEnum):
    """Which task queues a process serves."""

    ALL = "all"
    INVITATIONS = "invitations"
    MAIL = "mail"
    OPS = "ops"


QUEUES: dict[Role, Sequence[TaskQueue]] = {
    Role.ALL: tuple(TaskQueue),
    Role.INVITATIONS: (TaskQueue.INVITATIONS,),
    Role.MAIL: (TaskQueue.MAIL,),
    Role.OPS: (TaskQueue.OPS,),
}


@dataclass(frozen=True, slots=True)
class Connections:
    """What a process has open; closed by `opened`."""

    client: Client
    database: Database
    mailer: SmtpMailer
    relay_log: RelayLog | None
    reports: EverflowReports
    channels: OpenChannels
    instruments: Instruments


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Connections]:
    """Open everything a worker needs, and close it at the end.

    Raises:
        DependencyUnavailable: Temporal or the database cannot be reached.
    """
    telemetry = configure(settings.monitoring, "relance-worker")
    way_out.before_leaving(telemetry.shutdown)
    if telemetry.metrics_url:
        logger.info("metrics at %s", telemetry.metrics_url)
    tokens = LinkTokens(settings.privacy.link_key)
    writer = LetterWriter(
        settings.mail,
        lambda invitation: tokens.sign(Purpose.SUBMIT, invitation),
        lambda invitation: tokens.sign(Purpose.UNSUBSCRIBE, invitation),
    )
    async with AsyncExitStack() as stack:
        database = connect_mongo(settings.mongo, settings.privacy, telemetry.instruments.ledger_group)
        stack.push_async_callback(database.close)
        await database.check()
        breakers = Breakers(settings.breakers)
        telemetry.instruments.watch_breakers(breakers.states)
        mailer = SmtpMailer(settings.mail, writer.write, tokens.bounce_token, settings.pacing, breakers)
        stack.push_async_callback(mailer.close)
        relay_log = await stack.enter_async_context(opened_relay_log(settings.relay_log))
        reports = await stack.enter_async_context(EverflowReports(settings.everflow, breakers.rare("everflow")))
        channels = await stack.enter_async_context(
            OpenChannels(
                settings.channels,
                settings.mail,
                database.chat_messages,
                AlertMailWriter(settings.mail).write,
                SystemClock(),
                breakers=breakers,
            )
        )
        plugin = relance_plugin(
            Sandbox(settings.worker.sandbox), [*telemetry.interceptors, ErrorCounting(telemetry.instruments.error)]
        )
        client = await connect_temporal(plugins=[plugin], runtime=telemetry.runtime)
        yield Connections(client, database, mailer, relay_log, reports, channels, telemetry.instruments)


def activities_of(settings: Settings, open_: Connections) -> dict[TaskQueue, list[Callable[..., Any]]]:
    """Return the activities each queue serves, with their dependencies."""
    data = open_.database
    sender = Sender(
        data.ledger,
        data.contacts,
        open_.mailer,
        open_.instruments,
        SystemClock(),
        settings.mail.message_id_domain,
        open_.relay_log,
    )
    scheduling = settings.scheduling
    planning = Planning(
        data.users,
        data.plans,
        Defaults(scheduling.default_day, scheduling.default_time, scheduling.default_zone),
        open_.instruments,
    )
    control = ControlWatch(data.controls)
    invitations = Invitations(
        data.users,
        data.contacts,
        data.suppressions,
        data.plans,
        data.ledger,
        sender,
        control,
        Gates(settings.error_gate.policy, Brake(_cycle_desk(open_), _alert_desk(settings, open_)).pull),
    )
    endings = Endings(data.controls, data.compensations, TemporalFollowUps(open_.client), SystemClock())
    corrections = Corrections(data.users, data.contacts, data.ledger, data.compensations, sender)
    starts = FollowUpStarts(data.plans, data.ledger, TemporalFollowUps(open_.client), open_.instruments, SystemClock())
    steps = FollowUpSteps(data.users, data.contacts, data.plans, data.ledger, sender, control)
    desk = _alert_desk(settings, open_)
    statistics = Statistics(data.ledger, data.plans, data.job_runs, desk)
    checks = ReportChecks(open_.reports, settings.everflow.rules, desk)
    delivery = _delivery(settings, open_, desk)
    return {
        TaskQueue.INVITATIONS: [
            planning.plan,
            planning.next_wave,
            planning.boundaries,
            Controlling(data.controls).look_up_control,
        ],
        TaskQueue.MAIL: [
            invitations.send_batch,
            starts.start_follow_ups,
            steps.run_steps,
            corrections.send_corrections,
        ],
        TaskQueue.OPS: [
            endings.give_up,
            endings.stop_follow_ups,
            statistics.balance,
            statistics.record_job_run,
            checks.default_lp,
            checks.paused_partner,
            checks.no_data,
            delivery.ways,
            delivery.post,
            delivery.record,
        ],
    }


def _cycle_desk(open_: Connections) -> CycleDesk:
    return CycleDesk(open_.database.controls, TemporalCycles(open_.client), SystemClock())


def _alert_desk(settings: Settings, open_: Connections) -> AlertDesk:
    data, groups = open_.database, TemporalAlertGroups(open_.client, settings.alerts.policy)
    return AlertDesk(data.alerts, data.silences, groups, SystemClock())


def _delivery(settings: Settings, open_: Connections, desk: AlertDesk) -> AlertDelivery:
    data, channels = open_.database, open_.channels
    links = AttachmentTokens(settings.privacy.link_key)
    return AlertDelivery(
        desk,
        data.channel_states,
        {name: Address(one, channels.fingerprints[name]) for name, one in channels.by_name.items()},
        settings.channels.always_names,
        settings.channels.order_names,
        AlertCharts(data.attachments, attachment_addresses(settings.gateway, links.sign)),
        Voice(settings.alerts.language, settings.alerts.zone),
        SystemClock(),
    )


async def serve(settings: Settings, role: Role) -> int:
    """Serve the role's queues until SIGTERM or SIGINT, then finish what is in flight (SPEC X5)."""
    stop = stop_requested(within=settings.worker.drain.total_seconds() + LAST_MOMENTS)
    ready = join_supervisor()
    async with opened(settings) as open_, AsyncExitStack() as stack:
        activities = activities_of(settings, open_)
        if TaskQueue.OPS in QUEUES[role]:
            links = AttachmentTokens(settings.privacy.link_key)
            await stack.enter_async_context(
                serving(settings.gateway, application(open_.database.attachments, links.verify))
            )
        for queue in QUEUES[role]:
            await stack.enter_async_context(
                Worker(
                    open_.client,
                    task_queue=queue,
                    workflows=WORKFLOWS[queue],
                    activities=activities[queue],
                    deployment_config=VERSION,
                    # Nothing is stored outside; more than one makes the SDK start a task per timer summary.
                    max_workflow_task_external_storage_concurrency=1,
                    max_concurrent_workflow_tasks=settings.worker.workflow_tasks,
                    max_concurrent_activities=settings.worker.activities,
                    max_cached_workflows=settings.worker.cached_workflows,
                    graceful_shutdown_timeout=settings.worker.drain,
                )
            )
        ready()
        logger.info("serving %s", ", ".join(QUEUES[role]))
        await stop.wait()
        logger.info("stopping: mails in flight are finished and recorded")
    return way_out.DONE


def run(
    *,
    role: Annotated[Role, typer.Option(help="Which queues this process serves.")] = Role.ALL,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Worker processes; more than one are supervised.")] = 1,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Run worker processes until Ctrl-C or SIGTERM; mails in flight are finished and recorded first.

    Examples:

      worker.py

      worker.py --role mail --processes 2
    """

    async def main() -> int:
        settings = load_settings()
        configure_logging(settings.monitoring)
        if processes == 1:
            return await serve(settings, role)
        return await supervise(
            [sys.executable, "-m", "worker", "--role", role],
            processes,
            drain=settings.worker.drain.total_seconds() + 5,
            environment=child_environment(settings.monitoring),
        )

    way_out.run(main, debug=debug)


def main() -> NoReturn:
    """Enter from the console script."""
    typer.run(run)
    way_out.leave(way_out.DONE)


if __name__ == "__main__":
    main()
