"""The CLI's composition root: settings, clients and adapters for the commands of `relance.cli`."""

from __future__ import annotations

import sys
from typing import NoReturn

from temporalio.client import Client

from relance.adapters.mongo.connection import connect as connect_database
from relance.adapters.smtp.opening import Opener
from relance.cli import app
from relance.cli.services import Services
from relance.clock import SystemClock
from relance.runtime import exit as leaving
from relance.runtime import telemetry
from relance.runtime.logs import configure_logging
from relance.settings import Settings, load_settings
from relance.temporal.connection import connect as connect_temporal
from relance.temporal.plugin import relance_plugin


def settings() -> Settings:
    """Return the settings; from now on logs go where they say, but nothing below a warning."""
    loaded = load_settings()
    quiet = "ERROR" if loaded.monitoring.log_level == "ERROR" else "WARNING"
    configure_logging(loaded.monitoring.model_copy(update={"log_level": quiet}))
    return loaded


async def temporal() -> Client:
    """Connect to Temporal; traces are pushed if the settings name a collector."""
    # The port of the metrics belongs to the worker on the same machine.
    monitoring = load_settings().monitoring.model_copy(update={"metrics_port": None})
    collected = telemetry.configure(monitoring, "relance-starter")
    leaving.before_leaving(collected.shutdown)
    plugin = relance_plugin(interceptors=collected.interceptors)
    return await connect_temporal(plugins=[plugin], runtime=collected.runtime)


async def greet_relay(loaded: Settings) -> None:
    """Connect to the relay, greet it and authenticate, and take leave."""
    session = await Opener(loaded.mail).open()
    await session.close()


def services() -> Services:
    """Return the real things."""
    return Services(
        settings=settings,
        clock=SystemClock(),
        database=connect_database,
        temporal=temporal,
        greet_relay=greet_relay,
    )


def main() -> NoReturn:
    """Run the command line of this process and leave with its exit code."""
    leaving.leave(app.run(services(), sys.argv[1:]))


if __name__ == "__main__":
    main()
