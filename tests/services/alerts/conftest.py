"""The alert desk on a real database, with groups that only note what they are told, and checks against the stub."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ParamSpec, TypeVar

import pytest
from pydantic import SecretStr
from temporalio.testing import ActivityEnvironment

from activities.reports import ReportChecks
from relance.adapters.everflow.reports import EverflowReports
from relance.adapters.mongo.connection import Database, connect
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow.gate import NETWORK_KEY
from relance.devstack.everflow.samples import sample_world
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.model import AlertRecord, Evidence, Rule
from relance.domain.failures import Severity
from relance.services.alerts import AlertService
from relance.settings import Mongo
from relance.settings.everflow import Everflow
from tests.support.fakes import FakeAlertGroups, FixedClock
from tests.support.keys import PRIVACY

MORNING = date(2026, 11, 4)
NOMINAL = datetime(2026, 11, 4, 8, tzinfo=UTC)
P = ParamSpec("P")
R = TypeVar("R")


def sighting(
    subject: str = "0.1.376",
    *,
    rule: str = Rule.DEFAULT_LP,
    observation: str = "2026-11-03",
    value: int = 63,
    severity: Severity = Severity.HIGH,
) -> Condition:
    return Condition(
        rule=rule,
        group=rule,
        subject=subject,
        severity=severity,
        labels={"partner": "Alpha"},
        evidence=Evidence(value=Decimal(value), threshold=Decimal(50)),
        observation=observation,
    )


@dataclass
class Bureau:
    """The desk and everything behind it."""

    data: Database
    groups: FakeAlertGroups
    clock: FixedClock

    @property
    def desk(self) -> AlertService:
        return AlertService(self.data.alerts, self.data.silences, self.groups, self.clock)

    async def stored(self, key: str) -> AlertRecord:
        return (await self.data.alerts.newest([key]))[key]

    def pass_time(self, span: timedelta) -> None:
        self.clock.at += span


@pytest.fixture
async def bureau(mongo_uri: str, indexed_database: str) -> AsyncIterator[Bureau]:
    data = connect(Mongo(uri=SecretStr(mongo_uri), database=indexed_database), PRIVACY)
    yield Bureau(data, FakeAlertGroups(), FixedClock(NOMINAL))
    await data.close()


@pytest.fixture
async def network(everflow: EverflowControl) -> EverflowControl:
    """The network with the sample facts up to MORNING."""
    await everflow.put_world(sample_world(MORNING))
    return everflow


@pytest.fixture
async def reports(network: EverflowControl) -> AsyncIterator[EverflowReports]:
    settings = Everflow(base_url=network.url, api_key=SecretStr(NETWORK_KEY), timeout=30)
    async with EverflowReports(settings) as opened:
        yield opened


@pytest.fixture
def checks(bureau: Bureau, reports: EverflowReports) -> ReportChecks:
    return ReportChecks(reports, Everflow().rules, bureau.desk)


async def perform(method: Callable[P, Coroutine[Any, Any, R]], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run an activity as Temporal would."""
    return await ActivityEnvironment().run(method, *args, **kwargs)
