"""Opens the adapters of a worker process out of the settings."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from temporalio.client import Client

from composition.probes import opened_probes
from composition.process import opened_database, started_telemetry
from relance.adapters.breaker import Breakers
from relance.adapters.channels.opening import OpenChannels
from relance.adapters.clock import SystemClock
from relance.adapters.everflow.reports import EverflowReports
from relance.adapters.mongo.connection import Database
from relance.adapters.relay_log.opening import opened_relay_log
from relance.adapters.smtp.mailer import SmtpMailer
from relance.adapters.tokens import LinkTokens, Purpose
from relance.domain.alerts.routing import unrouted
from relance.domain.mail.sharing import LimitShare
from relance.ports import Probe, RelayLog
from relance.rendering.alert_mail import AlertMailWriter
from relance.rendering.branding.loading import checked_branding
from relance.rendering.mail import MailRenderer
from relance.runtime.error_counting import ErrorCounting
from relance.runtime.metrics import Instruments
from relance.runtime.private_errors import PrivateErrors
from relance.settings import Settings
from relance.temporal.connection import connect as connect_temporal
from relance.temporal.payload_codec import codec_of
from relance.temporal.plugin import Sandbox, relance_plugin

logger = logging.getLogger(__name__)

LONGEST_SHORT_TOKEN, LONGEST_LOCAL_PART = 56, 64


@dataclass(frozen=True, slots=True)
class Connections:
    """The open adapters of a process; `opened` closes them."""

    client: Client
    database: Database
    mailer: SmtpMailer
    breakers: Breakers
    share: LimitShare
    relay_log: RelayLog | None
    reports: EverflowReports
    channels: OpenChannels
    probes: Sequence[Probe]
    instruments: Instruments


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Connections]:
    """Open everything a worker needs, and close it at the end.

    Raises:
        SettingsError: a key of this installation is not among ours, or the mails' templates are wrong.
        DependencyUnavailable: Temporal or the database cannot be reached.
    """
    telemetry = started_telemetry(settings, "relance-worker")
    _warn_unrouted(settings)
    tokens = LinkTokens(settings.privacy.link_keys, seals=settings.privacy.seal_ids)
    writer = MailRenderer(
        mail=settings.mail,
        sign_form=lambda invitation: tokens.sign(Purpose.SUBMIT, invitation),
        sign_unsubscribe=lambda invitation: tokens.sign(Purpose.UNSUBSCRIBE, invitation),
        withheld=telemetry.instruments.name_withheld,
        unsubscribe_mail=unsubscribe_mail(settings, tokens),
        sign_opened=lambda invitation: tokens.sign(Purpose.OPEN, invitation),
        branding=checked_branding(settings.mail),
    )
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(opened_database(settings, telemetry))
        breakers = Breakers(settings.breakers)
        telemetry.instruments.watch_breakers(breakers.states)
        share = LimitShare()
        mailer = SmtpMailer(
            mail=settings.mail,
            render=writer.write,
            bounce_token=tokens.bounce_token,
            pacing=settings.pacing,
            breakers=breakers,
            share=share,
        )
        stack.push_async_callback(mailer.close)
        relay_log = await stack.enter_async_context(opened_relay_log(settings.relay_log))
        reports = await stack.enter_async_context(EverflowReports(settings.everflow, breakers.rare("everflow")))
        channels = await stack.enter_async_context(
            OpenChannels(
                settings=settings.channels,
                mail=settings.mail,
                messages=database.chat_messages,
                write_mail=AlertMailWriter(settings.mail).write,
                clock=SystemClock(),
                breakers=breakers,
                names=settings.channel_names,
            )
        )
        plugin = relance_plugin(
            Sandbox(settings.worker.sandbox),
            [PrivateErrors(), *telemetry.interceptors, ErrorCounting(telemetry.instruments.error)],
            codec_of(settings.privacy),
        )
        client = await connect_temporal(plugins=[plugin], runtime=telemetry.runtime)
        probes = await stack.enter_async_context(opened_probes(settings, database, client))
        yield Connections(
            client=client,
            database=database,
            mailer=mailer,
            breakers=breakers,
            share=share,
            relay_log=relay_log,
            reports=reports,
            channels=channels,
            probes=probes,
            instruments=telemetry.instruments,
        )


def unsubscribe_mail(settings: Settings, tokens: LinkTokens) -> Callable[[str], str]:
    """Return what makes the target of an invitation's `mailto:` link (RFC 6068), which names it to the intake.

    The token goes behind a `+` while all of it fits before the @ (RFC 5321 4.5.3.1.1), else into the subject.
    """
    address = settings.intake.unsubscribe_address or f"unsub@{settings.mail.bounce_domain}"
    local, _, domain = address.rpartition("@")
    if len(local) + len("+") + LONGEST_SHORT_TOKEN <= LONGEST_LOCAL_PART:
        return lambda invitation: f"{local}+{tokens.mailto_token(invitation)}@{domain}?subject=unsubscribe"
    return lambda invitation: f"{address}?subject={tokens.sign(Purpose.UNSUBSCRIBE, invitation)}"


def _warn_unrouted(settings: Settings) -> None:
    left = unrouted(settings.alerts.routes) if settings.alerts.routes else {}
    if left:
        rules = ", ".join(f"{rule} ({', '.join(severities)})" for rule, severities in left.items())
        logger.warning("no route takes %s; it goes to %s", rules, ", ".join(settings.routes[-1].channels) or "nobody")
