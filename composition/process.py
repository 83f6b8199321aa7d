"""What every process opens first: telemetry and the database, both closed at its end."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from relance.adapters.mongo.connection import Database
from relance.adapters.mongo.connection import connect as connect_mongo
from relance.runtime import process_exit
from relance.runtime.key_admission import admit
from relance.runtime.telemetry import Telemetry, configure
from relance.settings import Settings

logger = logging.getLogger(__name__)


def started_telemetry(settings: Settings, service: str) -> Telemetry:
    """Start metrics and traces of a process under its service name."""
    telemetry = configure(settings.monitoring, service)
    process_exit.before_leaving(telemetry.shutdown)
    if telemetry.metrics_url:
        logger.info("metrics at %s", telemetry.metrics_url)
    return telemetry


@asynccontextmanager
async def opened_database(settings: Settings, telemetry: Telemetry) -> AsyncIterator[Database]:
    """Open the database for as long as the block runs, once it answers and knows our keys.

    Raises:
        SettingsError: a key of this installation is not among ours.
        DependencyUnavailable: it cannot be reached.
    """
    database = connect_mongo(
        settings.mongo,
        settings.privacy,
        telemetry.instruments.ledger_group,
        traced=bool(telemetry.interceptors),
        timing=settings.scheduling.reminder_timing,
        bounds=settings.bounds.limits,
        noticed=telemetry.instruments.quarantined,
    )
    try:
        await database.check()
        await admit(database.keys, settings.privacy)
        yield database
    finally:
        await database.close()
