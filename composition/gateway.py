"""Makes the gateway's application out of settings and adapters, for its own process or within a worker (SPEC G1)."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from temporalio.client import Client

from composition.console import OpenConsole, console_of
from composition.conversation import conversation_of
from composition.intake import listening, mail_intake, unsubscribing_of
from composition.process import opened_database, started_telemetry
from composition.slack import answering_slack
from relance.adapters.attachment_tokens import AttachmentTokens
from relance.adapters.clock import SystemClock
from relance.adapters.mongo.connection import Database
from relance.adapters.tokens import LinkTokens
from relance.gateway.application import MODULES, application
from relance.gateway.codec import TokenViewer
from relance.gateway.needs import CodecNeeds, IntakeNeeds, Needs, SlackNeeds, Viewer
from relance.gateway.server import DRAIN_S, serving
from relance.gateway.webhooks.fetching import fetch_small
from relance.ports import Clock
from relance.rendering.pages import PageWriter
from relance.runtime.liveness import Liveness
from relance.runtime.metrics import Instruments
from relance.runtime.reporter import Reporter
from relance.services.events import EventIntake
from relance.services.explaining import Explaining
from relance.services.mail_intake import MailIntake
from relance.services.notifying import Notifier, notifying
from relance.services.open_tracking import OpenTracking
from relance.settings import Settings
from relance.settings.recipients import listed
from relance.temporal.connection import connect as connect_temporal
from relance.temporal.cycles import TemporalCycles
from relance.temporal.follow_ups import TemporalFollowUps
from relance.temporal.payload_codec import codec_of
from relance.temporal.plugin import relance_plugin

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GatewayConnections:
    """The open adapters of the gateway; the caller that opened them closes them."""

    client: Client
    database: Database
    instruments: Instruments


@asynccontextmanager
async def opened_gateway(settings: Settings) -> AsyncIterator[GatewayConnections]:
    """Open what a process needs that serves HTTP alone: no mail relay, and Temporal only once it is called.

    Raises:
        SettingsError: a key of this installation is not among ours.
        DependencyUnavailable: the database cannot be reached.
    """
    telemetry = started_telemetry(settings, "relance-gateway")
    async with opened_database(settings, telemetry) as database:
        plugin = relance_plugin(codec=codec_of(settings.privacy))
        client = await connect_temporal(plugins=[plugin], runtime=telemetry.runtime, lazy=True)
        yield GatewayConnections(client, database, telemetry.instruments)


@asynccontextmanager
async def serving_gateway(
    settings: Settings, open_: GatewayConnections, liveness: Liveness, *, drain: int = DRAIN_S
) -> AsyncIterator[None]:
    """Serve HTTP, take returned mail, and notify follow-ups and cycles of what came in, for as long as the block runs.

    Every process that could serve notifies, also without a port: events come in by the CLI too.
    """
    data = open_.database
    notifier = Notifier(
        outbox=data.outbox,
        follow_ups=TemporalFollowUps(open_.client, data.ledger),
        parts=data.ledger,
        replan=TemporalCycles(open_.client).replan,
        clock=SystemClock(),
        zone=settings.scheduling.default_zone,
        show=open_.instruments.outbox,
    )
    events = EventIntake(
        ledger=data.ledger,
        contacts=data.contacts,
        suppressions=data.suppressions,
        follow_ups=notifier.follow_ups,
        clock=SystemClock(),
        outbox=data.outbox,
        notify=notifier.notify,
    )
    service = mail_intake(settings, data, events, open_.instruments.intake_message)
    explaining = _explaining(settings, data)
    console = console_of(settings, data, open_.client, explaining)
    conversation = conversation_of(settings, data, open_.client, explaining)
    async with (
        answering_slack(settings, conversation, open_.instruments) as slack,
        notifying(notifier),
        serving(
            settings.gateway,
            _application(
                settings,
                open_,
                liveness,
                events=events,
                service=service,
                explaining=explaining,
                console=console,
                slack=slack,
            ),
            drain=drain,
        ),
        _letting_go(console),
        listening(settings, service, open_.instruments.intake_refused),
    ):
        yield


@asynccontextmanager
async def _letting_go(console: OpenConsole | None) -> AsyncIterator[None]:
    """Let those who look at live pages go before the server waits for the answers in flight."""
    yield
    if console is not None:
        await console.close()


def _explaining(settings: Settings, data: Database) -> Explaining:
    return Explaining(data, SystemClock(), settings.scheduling.reminder_timing)


def _application(
    settings: Settings,
    open_: GatewayConnections,
    liveness: Liveness,
    *,
    events: EventIntake,
    service: MailIntake,
    explaining: Explaining,
    console: OpenConsole | None,
    slack: SlackNeeds | None,
) -> Starlette:
    data, clock = open_.database, SystemClock()
    return application(
        Needs(
            settings=settings.gateway,
            attachments=data.attachments,
            verify_attachment=AttachmentTokens(settings.privacy.link_keys).verify,
            tokens=LinkTokens(settings.privacy.link_keys),
            users=data.users,
            contacts=data.contacts,
            suppressions=data.suppressions,
            ledger=data.ledger,
            inbox=data.inbox,
            outbox=data.outbox,
            explaining=explaining,
            events=events,
            unsubscribing=unsubscribing_of(data, events, clock),
            pages=PageWriter(settings.mail.sender_name, settings.scheduling.default_zone),
            open_tracking=open_tracking_of(data, events, clock, is_on=settings.mail.open_tracking),
            intake=IntakeNeeds(
                settings=settings.intake,
                service=service,
                fetch=fetch_small,
                refused=open_.instruments.intake_refused,
            ),
            clock=clock,
            draining=lambda: liveness.draining,
            codec=codec_needs(settings, [console.viewer] if console is not None else ()),
            slack=slack,
        ),
        modules=(*MODULES, *((lambda _: console.routes,) if console is not None else ())),
    )


def codec_needs(settings: Settings, viewers: Sequence[Viewer] = ()) -> CodecNeeds | None:
    """Return what reads encrypted payloads, for these viewers and who has a token; None without a codec key."""
    codec, tokens = codec_of(settings.privacy), settings.gateway.codec_token_ring
    if codec is None:
        return None
    programs = [TokenViewer(tokens.keys)] if tokens.texts else []
    return CodecNeeds(codec, (*programs, *viewers), frozenset(listed(settings.gateway.codec_origins)))


def open_tracking_of(data: Database, events: EventIntake, clock: Clock, *, is_on: bool) -> OpenTracking:
    """Return the service that records openings of mails."""
    return OpenTracking(
        is_on=is_on,
        ledger=data.ledger,
        contacts=data.contacts,
        suppressions=data.suppressions,
        events=events,
        opens=data.opens,
        clock=clock,
    )


def gateway_reporter(settings: Settings, open_: GatewayConnections, role: str, liveness: Liveness) -> Reporter:
    """Return the reporter of this process, which works without Temporal."""
    return Reporter(
        workers=open_.database.workers,
        greet_temporal=None,
        breakers=dict,
        role=role,
        every=settings.health.report_every,
        liveness=liveness,
        clock=SystemClock(),
    )
