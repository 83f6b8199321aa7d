"""The liveness of a worker process: /live and /ready, and its report in the database (SPEC H2)."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from temporalio.worker import Worker

from composition.connections import Connections
from relance.adapters.clock import SystemClock
from relance.runtime.health_endpoint import HealthEndpoint
from relance.runtime.liveness import Liveness, ticking
from relance.runtime.reporter import Reporter, lately, reporting
from relance.settings import Settings
from relance.temporal.probes.frontend import check_connection

logger = logging.getLogger(__name__)
GREETING = timedelta(seconds=4)


@asynccontextmanager
async def watched(settings: Settings) -> AsyncIterator[Liveness]:
    """Yield the liveness of this process; its port answers from now on, if the settings name a port."""
    monitoring = settings.monitoring
    liveness = Liveness(lately(settings.health.report_every).total_seconds())
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(ticking(liveness))
        if monitoring.health_port is not None:
            endpoint = HealthEndpoint(monitoring.metrics_host, monitoring.health_port, liveness)
            stack.callback(endpoint.close)
            logger.info("health at %s/ready", endpoint.url)
        yield liveness


def reporter_of(settings: Settings, open_: Connections, role: str, liveness: Liveness) -> Reporter:
    """Return the reporter of this process."""
    return Reporter(
        workers=open_.database.workers,
        greet_temporal=lambda: check_connection(open_.client, GREETING),
        breakers=open_.breakers.states,
        role=role,
        every=settings.health.report_every,
        liveness=liveness,
        clock=SystemClock(),
        share=open_.share,
        rests=open_.mailer.rests,
        leave_alone=open_.mailer.leave_alone,
    )


@asynccontextmanager
async def reporting_liveness(reporter: Reporter, workers: Sequence[Worker]) -> AsyncIterator[None]:
    """Report for as long as the block runs, in which these workers ask for work."""
    reporter.liveness.polling = lambda: all(worker.is_running for worker in workers)
    async with reporting(reporter):
        yield
