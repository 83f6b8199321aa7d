"""Activities on a real database, with a relay and follow-ups that can be told to fail."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec, TypeVar

import pytest
from pydantic import SecretStr
from temporalio.testing import ActivityEnvironment

from activities.follow_up_starts import FollowUpStarts
from activities.follow_ups import FollowUpSteps
from activities.invitations import Invitations
from activities.planning import Planning
from activities.sending import Sender
from activities.statistics import Statistics
from relance.adapters.mongo.connection import Database, connect
from relance.alerting import AlertDesk
from relance.contracts.cycle import BatchInput, BatchResult, Boundary, PlanInput
from relance.domain.invitation import Invitation
from relance.domain.send_times import Defaults
from relance.ids import invitation_id
from relance.settings import Mongo, Privacy
from tests.fakes import FakeAlertGroups, FakeFollowUps, FakeMailer, FakeMeter, FixedClock

PERIOD = "2026-11"
SEND_AT = datetime(2026, 11, 5, 17, 0, tzinfo=UTC)
P = ParamSpec("P")
R = TypeVar("R")


def batch_of_everyone(at: datetime) -> BatchInput:
    return BatchInput(
        period=PERIOD,
        instant=SEND_AT,
        boundary=Boundary(after=None, last="zzz", users=50),
        at=at,
        expiry_days=30,
        max_late=timedelta(days=7),
    )


@dataclass
class Office:
    """Everything an activity works with, and short ways to ask it."""

    data: Database
    mailer: FakeMailer
    follow_ups: FakeFollowUps
    meter: FakeMeter
    clock: FixedClock
    alert_groups: FakeAlertGroups
    attempt: int = 1

    @property
    def sender(self) -> Sender:
        return Sender(self.data.ledger, self.data.contacts, self.mailer, self.meter, self.clock, "x.example")

    @property
    def invitations(self) -> Invitations:
        data = self.data
        return Invitations(data.users, data.contacts, data.suppressions, data.plans, data.ledger, self.sender)

    @property
    def starts(self) -> FollowUpStarts:
        return FollowUpStarts(self.data.plans, self.data.ledger, self.follow_ups, self.meter, self.clock)

    @property
    def steps(self) -> FollowUpSteps:
        return FollowUpSteps(self.data.users, self.data.contacts, self.data.plans, self.data.ledger, self.sender)

    @property
    def planning(self) -> Planning:
        return Planning(self.data.users, self.data.plans, Defaults(5, "18:00", "Europe/Paris"), self.meter)

    @property
    def statistics(self) -> Statistics:
        desk = AlertDesk(self.data.alerts, self.data.silences, self.alert_groups, self.clock)
        return Statistics(self.data.ledger, self.data.plans, self.data.job_runs, desk)

    async def run(self, method: Callable[P, Coroutine[Any, Any, R]], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run an activity as Temporal would; every run is the next attempt of the same activity."""
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, attempt=self.attempt)
        self.attempt += 1
        return await environment.run(method, *args, **kwargs)

    async def add_user(self, user: str, contacts: int = 3, **fields: Any) -> None:
        await self.data.raw.users.insert_one(
            {"_id": user, "name": f"Name {user}", "email": f"{user}@u.example", "status": "active", **fields}
        )
        for number in range(contacts):
            await self.add_contact(user, f"{user}c{number}")

    async def add_contact(self, user: str, contact: str, **fields: Any) -> None:
        document = {"_id": contact, "userId": user, "name": contact, "email": f"{contact}@c.example"}
        await self.data.raw.contacts.insert_one({**document, "status": "active", **fields})

    async def plan(self, at: datetime = SEND_AT - timedelta(days=10), **fields: Any) -> Any:
        request = PlanInput(period=PERIOD, at=at, max_late=timedelta(days=7), **fields)
        return await self.run(self.planning.plan, request)

    async def send(self, at: datetime = SEND_AT) -> BatchResult:
        self.clock.at = max(self.clock.at, at)
        return await self.run(self.invitations.send_batch, batch_of_everyone(at))

    async def follow(self, at: datetime = SEND_AT) -> int:
        return await self.run(self.starts.start_follow_ups, batch_of_everyone(at))

    async def entry(self, user: str, contact: str) -> Invitation:
        found = await self.data.ledger.get(invitation_id(PERIOD, user, contact))
        assert found is not None
        return found


@pytest.fixture
async def office(mongo_uri: str, database: str) -> AsyncIterator[Office]:
    data = connect(Mongo(uri=SecretStr(mongo_uri), database=database), Privacy())
    await data.ensure_indexes()
    yield Office(data, FakeMailer(), FakeFollowUps(), FakeMeter(), FixedClock(SEND_AT), FakeAlertGroups())
    await data.client.drop_database(database)
    await data.close()
