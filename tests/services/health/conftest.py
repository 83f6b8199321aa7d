"""The health desk on a real database, with groups that only note what they are told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from relance.adapters.mongo.connection import Database, connect
from relance.domain.health.probes import ProbeName
from relance.domain.health.status import Concern, ProbeResult, ProbeStatus, Trouble
from relance.services.alerts import AlertService
from relance.services.health_checks import HealthMonitor, Judgement
from relance.settings import Mongo
from relance.settings.health import HealthGroup
from tests.support.fakes import FakeAlertGroups, FixedClock
from tests.support.keys import PRIVACY

START = datetime(2026, 11, 22, 8, tzinfo=UTC)


@dataclass
class Ward:
    """A desk and everything behind it; each round of looks is a minute later than the one before."""

    data: Database
    groups: FakeAlertGroups
    clock: FixedClock

    @property
    def alerts(self) -> AlertService:
        return AlertService(self.data.alerts, self.data.silences, self.groups, self.clock)

    @property
    def desk(self) -> HealthMonitor:
        return HealthMonitor(HealthGroup().rules(), self.data.health_checks, self.alerts)

    def look(self, probe: ProbeName, value: float | Trouble) -> ProbeResult:
        if isinstance(value, Trouble):
            return ProbeResult(probe=probe, at=self.clock.now(), trouble=value)
        return ProbeResult(probe=probe, at=self.clock.now(), value=value, unit="MiB", detail="host:1")

    async def round(self, looks: Sequence[tuple[ProbeName, float | Trouble]]) -> Judgement:
        self.clock.at += timedelta(minutes=1)
        return await self.desk.take([self.look(probe, value) for probe, value in looks])

    async def concerned(self, concerns: dict[str, Concern], probe: ProbeName = ProbeName.PERIODS) -> Judgement:
        """Take a look at the periods, or at others, that finds these wrong."""
        self.clock.at += timedelta(minutes=1)
        value = float(len(concerns))
        look = ProbeResult(probe=probe, at=self.clock.now(), value=value, concerns=concerns)
        return await self.desk.take([look])

    async def standing(self, probe: ProbeName) -> ProbeStatus:
        return (await self.data.health_checks.all())[probe]

    def told(self) -> list[tuple[str, int, int]]:
        """Group, firings and endings of everything the groups were told."""
        return [(group, len(news.firings), len(news.gone)) for group, news in self.groups.conditions]


@pytest.fixture
async def ward(mongo_uri: str, indexed_database: str) -> AsyncIterator[Ward]:
    data = connect(Mongo(uri=SecretStr(mongo_uri), database=indexed_database), PRIVACY)
    yield Ward(data, FakeAlertGroups(), FixedClock(START))
    await data.close()
