"""Alerts as checks and jobs raise them, for the commands that show them and decide about them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from temporalio.client import Client

import starter
from relance.adapters.clock import SystemClock
from relance.adapters.mongo.connection import Database
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.model import Evidence, Rule
from relance.domain.alerts.policy import AlertPolicy
from relance.domain.failures import Severity
from relance.domain.zones import window_of
from relance.services.alerts import AlertService
from relance.settings import Settings
from relance.temporal.alert_groups import TemporalAlertGroups
from tests.support.keys import privacy_of
from tests.support.terminal import Terminal

YESTERDAY = window_of(date(2026, 3, 10), date(2026, 3, 10), "Europe/Amsterdam")


def stored(terminal: Terminal) -> Settings:
    """Return settings that lead to the terminal's database."""
    mongo = {
        "uri": terminal.environment["RELANCE_MONGO__URI"],
        "database": terminal.environment["RELANCE_MONGO__DATABASE"],
    }
    return Settings.model_validate({"mongo": mongo, "privacy": privacy_of(terminal.environment)})


@asynccontextmanager
async def desk(terminal: Terminal, client: Client) -> AsyncIterator[tuple[AlertService, Database]]:
    """Yield the desk of the terminal's namespace and database."""
    async with starter.database(stored(terminal)) as database:
        await database.ensure_indexes()
        groups = TemporalAlertGroups(client, AlertPolicy())
        yield AlertService(database.alerts, database.silences, groups, SystemClock()), database


def page(subject: str, clicks: int = 63, **fields: Any) -> Condition:
    """Return the sighting of a default page."""
    standard: dict[str, Any] = {
        "rule": Rule.DEFAULT_LP,
        "group": Rule.DEFAULT_LP,
        "subject": subject,
        "severity": Severity.HIGH,
        "labels": {"landing_page": "Default [nl]", "offer": "Sale NL", "partner": "Alpha", "match": "Default"},
        "evidence": Evidence(value=Decimal(clicks), threshold=Decimal(50), window=YESTERDAY),
        "observation": "2026-03-10",
    }
    return Condition(**{**standard, **fields})
