"""The worker: settings -> adapters -> activities (`composition/`) -> Worker. Run `worker.py --help`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, NoReturn

import typer
import uvloop
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from composition.activities import activities_of
from composition.connections import opened
from composition.gateway import GatewayConnections, gateway_reporter, opened_gateway, serving_gateway
from composition.liveness import reporter_of, reporting_liveness, watched
from relance import __version__
from relance.contracts.names import TaskQueue
from relance.errors import SettingsError
from relance.gateway.server import FULL_DRAIN_S
from relance.rendering.branding.loading import checked_branding, kept_templates
from relance.runtime import process_exit
from relance.runtime.arenas import limit_arenas
from relance.runtime.collecting import leave_out_what_is_loaded
from relance.runtime.core_dumps import forbid_core_dumps
from relance.runtime.logs import configure_logging, quiet_sdk
from relance.runtime.shutdown import stop_requested
from relance.runtime.supervisor import child_environment, join_supervisor, supervise
from relance.settings import Settings, load_settings
from relance.settings.recipients import ChannelName
from relance.settings.unfit import check_keys, check_names
from relance.temporal.versions import deployment
from workflows.registry import workflows_of

LAST_MOMENTS = 2.0
"""Seconds after the drain in which results are recorded and connections closed; all in all less than the 30 of X5."""

WORKFLOW_THREADS = 4
"""For the workflow tasks of all queues: they run one at a time anyway, and each thread keeps memory of its own."""

ACTIVITY_POLLERS = PollerBehaviorAutoscaling(initial=1, minimum=1, maximum=16)
"""The server gives a task to the poll that has waited longest. With the SDK's five polls per process all batches of a
wave, four at a time, went to one process, and the others had nothing to do until their turn came.
"""

HEARTBEATS_APART = timedelta(seconds=0.4)
"""Less than `activities.attempt.HEARTBEAT_EVERY`: what a batch has counted is to be seen (SPEC C12)."""

logger = logging.getLogger(__name__)


class WorkerRole(StrEnum):
    """Which task queues a process serves."""

    ALL = "all"
    INVITATIONS = "invitations"
    MAIL = "mail"
    OPS = "ops"
    GATEWAY = "gateway"


QUEUES: dict[WorkerRole, Sequence[TaskQueue]] = {
    WorkerRole.ALL: tuple(TaskQueue),
    WorkerRole.INVITATIONS: (TaskQueue.INVITATIONS,),
    WorkerRole.MAIL: (TaskQueue.MAIL,),
    WorkerRole.OPS: (TaskQueue.OPS,),
    WorkerRole.GATEWAY: (),
}


async def serve_gateway(settings: Settings) -> int:
    """Serve HTTP alone until SIGTERM or SIGINT, then answer the requests in flight (SPEC G1)."""
    stop = stop_requested(within=FULL_DRAIN_S + LAST_MOMENTS)
    ready = join_supervisor()
    gateway = settings.gateway
    async with watched(settings) as liveness, opened_gateway(settings) as open_:
        reporter = gateway_reporter(settings, open_, WorkerRole.GATEWAY, liveness)
        async with serving_gateway(settings, open_, liveness, drain=FULL_DRAIN_S), reporting_liveness(reporter, []):
            leave_out_what_is_loaded()
            ready()
            where = f" at http://{gateway.host}:{gateway.port}" if gateway.port is not None else ""
            logger.info("serving relance-gateway%s", where)
            await stop.wait()
            liveness.draining = True
            logger.info("stopping: requests in flight are answered")
    return process_exit.DONE


async def serve(settings: Settings, role: WorkerRole) -> int:
    """Serve the role's queues until SIGTERM or SIGINT, then finish what is in flight (SPEC X5)."""
    stop = stop_requested(within=settings.worker.drain.total_seconds() + LAST_MOMENTS)
    ready = join_supervisor()
    async with watched(settings) as liveness, opened(settings) as open_, AsyncExitStack() as stack:
        activities = activities_of(settings, open_)
        reporter = reporter_of(settings, open_, role, liveness)
        # Before the first mail, so that a process that joins never begins with the whole of a limit.
        await reporter.take_share()
        if TaskQueue.OPS in QUEUES[role]:
            connections = GatewayConnections(open_.client, open_.database, open_.instruments)
            await stack.enter_async_context(serving_gateway(settings, connections, liveness))
        threads = stack.enter_context(ThreadPoolExecutor(WORKFLOW_THREADS, thread_name_prefix="workflow"))
        workers = [
            await stack.enter_async_context(
                Worker(
                    open_.client,
                    task_queue=queue,
                    workflows=workflows_of(queue, versioned=settings.worker.versioning),
                    activities=activities[queue],
                    # Without a build id the SDK hashes every loaded module at each start.
                    deployment_config=deployment(
                        settings.worker.build_id or __version__, versioned=settings.worker.versioning
                    ),
                    # Nothing is stored outside; more than one makes the SDK start a task per timer summary.
                    max_workflow_task_external_storage_concurrency=1,
                    max_concurrent_workflow_tasks=settings.worker.workflow_tasks,
                    workflow_task_executor=threads,
                    max_concurrent_activities=settings.worker.activities,
                    activity_task_poller_behavior=ACTIVITY_POLLERS,
                    max_cached_workflows=settings.worker.cached_workflows,
                    graceful_shutdown_timeout=settings.worker.drain,
                    # Without it the SDK keeps heartbeats back for most of their time-out: 12 s for a batch.
                    max_heartbeat_throttle_interval=HEARTBEATS_APART,
                )
            )
            for queue in QUEUES[role]
        ]
        await stack.enter_async_context(reporting_liveness(reporter, workers))
        leave_out_what_is_loaded()
        ready()
        logger.info("serving %s", ", ".join(QUEUES[role]))
        await stop.wait()
        liveness.draining = True
        logger.info("stopping: mails in flight are finished and recorded")
    return process_exit.DONE


def check_fitness(settings: Settings, role: WorkerRole) -> None:
    """Make sure that nothing leaves this process that nobody should see: signed with a known key, or of no sender.

    Raises:
        SettingsError: names each setting and the reason.
    """
    check_keys(settings.privacy)
    if role is WorkerRole.GATEWAY and settings.gateway.port is None and settings.intake.port is None:
        raise SettingsError("RELANCE_GATEWAY__PORT: is not set, nor RELANCE_INTAKE__PORT, and this role serves no more")
    named = {*settings.channels.always_names, *settings.channels.order_names}
    if TaskQueue.MAIL in QUEUES[role] or (TaskQueue.OPS in QUEUES[role] and ChannelName.MAIL in named):
        check_names(settings.mail, settings.gateway)
    if role is not WorkerRole.GATEWAY:
        # Before any process is started: a supervisor would start one that ends at once again and again.
        checked_branding(settings.mail)


def run(
    *,
    role: Annotated[WorkerRole, typer.Option(help="Which queues this process serves.")] = WorkerRole.ALL,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Worker processes; more than one are supervised.")] = 1,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Run worker processes until Ctrl-C or SIGTERM; mails in flight are finished and recorded first.

    Examples:

      worker.py

      worker.py --role mail --processes 2

      worker.py --role gateway --processes 2
    """

    async def main() -> int:
        forbid_core_dumps()
        limit_arenas()
        settings = load_settings()
        check_fitness(settings, role)
        configure_logging(settings.monitoring)
        quiet_sdk()
        if processes == 1:
            return await (serve_gateway(settings) if role is WorkerRole.GATEWAY else serve(settings, role))
        ports = child_environment(settings.monitoring)
        with kept_templates(settings.mail) as templates:
            return await supervise(
                [sys.executable, "-m", "worker", "--role", role],
                processes,
                drain=settings.worker.drain.total_seconds() + 5,
                environment=lambda index: {**ports(index), **templates},
            )

    # A third of what a request costs is the loop's work. Workers of Temporal keep the loop they were tested with.
    serves_http_alone = role is WorkerRole.GATEWAY and processes == 1
    process_exit.run(main, debug=debug, loop=uvloop.new_event_loop if serves_http_alone else None)


def main() -> NoReturn:
    """Enter from the console script."""
    typer.run(run)
    process_exit.terminate(process_exit.DONE)


if __name__ == "__main__":
    main()
