"""The CLI's composition root: settings, clients and adapters for the commands of `relance.cli`.

Adapters are imported where they are opened: most commands need one or two of them, and importing all takes a second.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from composition import mail_preview, mail_setup
from relance.adapters.clock import SystemClock
from relance.cli import app
from relance.cli.base.resources import Documents, LiveHealth, Repositories, Services
from relance.errors import DependencyUnavailable, SettingsError
from relance.runtime import process_exit as leaving
from relance.runtime.core_dumps import forbid_core_dumps

if TYPE_CHECKING:
    from temporalio.client import Client

    from relance.adapters.mongo.connection import Database as MongoDatabase
    from relance.ports import Channel, MessageIds
    from relance.runtime.telemetry import Telemetry
    from relance.services.mail_intake import MailIntake
    from relance.settings import Settings

DATABASE_PATIENCE, REFUSED_FOR = 4.0, 0.6
"""Seconds: a primary may be elected within the first; who refuses every connection for the second is not there."""
TEMPORAL_PATIENCE = 5.0
LOOK_EVERY = 0.05


def settings() -> Settings:
    """Return the settings; from now on logs go where they say, but nothing below a warning."""
    from relance.runtime.logs import configure_logging
    from relance.settings import load_settings

    loaded = load_settings()
    quiet = "ERROR" if loaded.monitoring.log_level == "ERROR" else "WARNING"
    configure_logging(loaded.monitoring.model_copy(update={"log_level": quiet}))
    return loaded


@asynccontextmanager
async def database(loaded: Settings) -> AsyncIterator[MongoDatabase]:
    """Open the database and close it in the end; a person does not wait for as long as a worker would."""
    from relance.adapters.mongo.connection import connect

    opened = connect(
        loaded.mongo,
        loaded.privacy,
        traced=loaded.monitoring.otlp_endpoint is not None,
        bounds=loaded.bounds.limits,
    )
    try:
        await _check(opened)
        yield opened
    finally:
        await opened.close()


async def _check(opened: MongoDatabase) -> None:
    checking = asyncio.ensure_future(opened.check())
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        while not checking.done():
            await asyncio.wait({checking}, timeout=LOOK_EVERY)
            waited = loop.time() - began
            if not checking.done() and waited > (REFUSED_FOR if opened.refused else DATABASE_PATIENCE):
                what = "nothing listens there" if opened.refused else "no primary answered"
                raise DependencyUnavailable("MongoDB", f"{what}; start it or set RELANCE_MONGO__URI")
        await checking
    finally:
        checking.cancel()
        await asyncio.gather(checking, return_exceptions=True)


@cache
def _collected() -> Telemetry:
    from relance.runtime import telemetry
    from relance.settings import load_settings

    # The port of the metrics belongs to the worker on the same machine.
    monitoring = load_settings().monitoring.model_copy(update={"metrics_port": None})
    collected = telemetry.configure(monitoring, "relance-starter")
    leaving.before_leaving(collected.shutdown)
    return collected


def span(command: str) -> AbstractContextManager[object]:
    """Return the span of a whole command, or nothing where no traces are collected."""
    from relance.settings import load_settings

    try:
        collects = load_settings().monitoring.otlp_endpoint is not None
    except SettingsError:
        # The command says so itself, if it needs them.
        collects = False
    if not collects:
        return nullcontext()
    from opentelemetry.trace import SpanKind

    from relance.adapters import tracing

    _collected()
    return tracing.span(command, kind=SpanKind.INTERNAL)


async def temporal() -> Client:
    """Connect to Temporal; traces are pushed if the settings name a collector."""
    try:
        async with asyncio.timeout(TEMPORAL_PATIENCE):
            return await _temporal()
    except TimeoutError:
        detail = f"no answer within {TEMPORAL_PATIENCE:g} s; see that it runs, or set TEMPORAL_ADDRESS"
        raise DependencyUnavailable("Temporal", detail) from None


async def _temporal() -> Client:
    from relance.settings import load_settings
    from relance.temporal.connection import connect
    from relance.temporal.payload_codec import codec_of
    from relance.temporal.plugin import relance_plugin

    codec = codec_of(load_settings().privacy)
    if load_settings().monitoring.otlp_endpoint is None:
        from relance.runtime.core import plain_runtime

        return await connect(plugins=[relance_plugin(codec=codec)], runtime=plain_runtime())
    collected = _collected()
    plugin = relance_plugin(interceptors=collected.interceptors, codec=codec)
    return await connect(plugins=[plugin], runtime=collected.runtime)


@asynccontextmanager
async def health(loaded: Settings, client: Client | None) -> AsyncIterator[LiveHealth]:
    """Open what the health check looks with; without a client nothing asks Temporal."""
    from composition.probes import coverage_watch, opened_probes
    from relance.adapters.mongo.connection import connect

    hasty = loaded.health.model_copy(update={"deadline": min(loaded.health.deadline, DATABASE_PATIENCE)})
    loaded = loaded.model_copy(update={"health": hasty})
    opened = connect(loaded.mongo, loaded.privacy)
    try:
        async with opened_probes(loaded, opened, client) as probes:
            watch = coverage_watch(loaded, opened, client, SystemClock()) if client is not None else None
            yield LiveHealth(probes, opened.health_checks, watch)
    finally:
        await opened.close()


async def load_samples(loaded: Settings, users: Documents, contacts: Documents) -> bool:
    """Write sample people into a database that has no users; return whether it did."""
    async with database(loaded) as opened:
        return await opened.add_samples(users, contacts)


def message_ids(loaded: Settings) -> MessageIds:
    """Return the Message-IDs of this installation's mails."""
    from relance.adapters.message_ids import SealedMessageIds

    return SealedMessageIds(loaded.privacy.link_keys, loaded.mail.message_id_domain, seals=loaded.privacy.seal_ids)


@asynccontextmanager
async def channels(loaded: Settings, opened: Repositories) -> AsyncIterator[Mapping[str, Channel]]:
    """Open every channel that is in use."""
    from relance.adapters.breaker import Breakers
    from relance.adapters.channels.opening import OpenChannels
    from relance.rendering.alert_mail import AlertMailWriter

    write = AlertMailWriter(loaded.mail).write
    async with OpenChannels(
        loaded.channels,
        loaded.mail,
        opened.chat_messages,
        write,
        SystemClock(),
        breakers=Breakers(loaded.breakers),
        names=loaded.channel_names,
    ) as ready:
        yield ready.by_name


async def check_gateway(loaded: Settings) -> None:
    """Ask the gateway whether it is there."""
    from relance.gateway import addresses

    await addresses.check_gateway(loaded)


def mail_intake(loaded: Settings, opened: MongoDatabase) -> MailIntake:
    """Return the mail intake on an open database."""
    from composition import intake

    return intake.mail_intake(loaded, opened, intake.events_of_command(opened), _uncounted)


def _uncounted(_kind: str, _outcome: str) -> None:
    """Count nothing: a command is over before anybody looks at its metrics."""


async def call_deadman(loaded: Settings) -> bool:
    """Tell the dead-man service that all is well, if there is one."""
    from relance.adapters import deadman

    return await deadman.call_deadman(loaded)


def services() -> Services:
    """Return the real things."""
    return Services(
        settings=settings,
        clock=SystemClock(),
        database=database,
        temporal=temporal,
        reports=mail_setup.reports,
        check_relay=mail_setup.check_relay,
        check_gateway=check_gateway,
        check_links=mail_setup.check_links,
        greet_intake=mail_setup.intake_greeting,
        dns=mail_setup.dns,
        relay_tls=mail_setup.relay_tls,
        trial_mail=mail_setup.trial_mail,
        call_deadman=call_deadman,
        relay_log=mail_setup.relay_log,
        message_ids=message_ids,
        health=health,
        channels=channels,
        load_samples=load_samples,
        mail_intake=mail_intake,  # type: ignore[arg-type]
        mail_previews=mail_preview.mail_previews,
        send_trial=mail_preview.send_trial,
        worker=(sys.executable, str(Path(__file__).with_name("worker.py"))),
        span=span,
    )


def main() -> NoReturn:
    """Run the command line of this process and leave with its exit code."""
    forbid_core_dumps()
    leaving.terminate(app.run(services(), sys.argv[1:]))


if __name__ == "__main__":
    main()
