"""What a worker process has open: settings -> adapters."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from temporalio.client import Client

from composition.probes import opened_probes
from relance.adapters.breaker import Breakers
from relance.adapters.channels.opening import OpenChannels
from relance.adapters.everflow.reports import EverflowReports
from relance.adapters.mongo.connection import Database
from relance.adapters.mongo.connection import connect as connect_mongo
from relance.adapters.relay_log.opening import opened_relay_log
from relance.adapters.smtp.mailer import SmtpMailer
from relance.adapters.tokens import LinkTokens, Purpose
from relance.admission import admit
from relance.clock import SystemClock
from relance.ports import Probe, RelayLog
from relance.rendering.alert_mail import AlertMailWriter
from relance.rendering.letters import LetterWriter
from relance.runtime import exit as way_out
from relance.runtime.error_counting import ErrorCounting
from relance.runtime.metrics import Instruments
from relance.runtime.telemetry import configure
from relance.settings import Settings
from relance.temporal.connection import connect as connect_temporal
from relance.temporal.plugin import Sandbox, relance_plugin

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Connections:
    """What a process has open; closed by `opened`."""

    client: Client
    database: Database
    mailer: SmtpMailer
    breakers: Breakers
    relay_log: RelayLog | None
    reports: EverflowReports
    channels: OpenChannels
    probes: Sequence[Probe]
    instruments: Instruments


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Connections]:
    """Open everything a worker needs, and close it at the end.

    Raises:
        SettingsError: a key of this installation is not among ours.
        DependencyUnavailable: Temporal or the database cannot be reached.
    """
    telemetry = configure(settings.monitoring, "relance-worker")
    way_out.before_leaving(telemetry.shutdown)
    if telemetry.metrics_url:
        logger.info("metrics at %s", telemetry.metrics_url)
    tokens = LinkTokens(settings.privacy.link_keys)
    writer = LetterWriter(
        settings.mail,
        lambda invitation: tokens.sign(Purpose.SUBMIT, invitation),
        lambda invitation: tokens.sign(Purpose.UNSUBSCRIBE, invitation),
        telemetry.instruments.name_withheld,
    )
    async with AsyncExitStack() as stack:
        database = connect_mongo(
            settings.mongo,
            settings.privacy,
            telemetry.instruments.ledger_group,
            traced=bool(telemetry.interceptors),
            timing=settings.scheduling.reminder_timing,
            noticed=telemetry.instruments.quarantined,
        )
        stack.push_async_callback(database.close)
        await database.check()
        await admit(database.keys, settings.privacy)
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
        probes = await stack.enter_async_context(opened_probes(settings, database, client))
        yield Connections(
            client, database, mailer, breakers, relay_log, reports, channels, probes, telemetry.instruments
        )
