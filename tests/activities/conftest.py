"""Activities on a real database, with a relay and follow-ups that can be told to fail."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ParamSpec, TypeAlias, TypeVar

import pytest
from pydantic import SecretStr
from temporalio.testing import ActivityEnvironment

from activities.corrections import Corrections
from activities.cycle_control import Endings
from activities.follow_up_starts import FollowUpStarts
from activities.follow_ups import FollowUpSteps
from activities.invitations import Invitations
from activities.planning import Planning
from activities.statistics import Statistics
from activities.unsent import Unsent
from relance.adapters.breaker import Breakers
from relance.adapters.message_ids import SealedMessageIds
from relance.adapters.mongo.connection import Database, connect
from relance.adapters.mongo.cycle_control import MongoErrorGates
from relance.adapters.smtp.mailer import SmtpMailer
from relance.adapters.tokens import LinkTokens, Purpose
from relance.contracts.cycle import BatchInput, BatchResult, Boundary, CycleStatistics, PlanInput
from relance.contracts.rollback import GivenUp, GiveUpInput
from relance.contracts.unsent import UnsentInput, UnsentResult
from relance.domain.cycle.control import ControlState
from relance.domain.cycle.error_gate import GatePolicy
from relance.domain.cycle.send_times import Defaults
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.invitation import Invitation
from relance.ids import invitation_id
from relance.rendering.mail import MailRenderer
from relance.sending.control_watch import ControlPoller
from relance.sending.error_gate import Gates, Pull
from relance.sending.local_steps import LocalSteps
from relance.sending.sender import Sender
from relance.sending.step_reads import StepReads
from relance.services.alerts import AlertService
from relance.services.cycle_control import CycleControl, ErrorPause
from relance.services.cycle_statistics import balance_period
from relance.services.events import EventIntake
from relance.settings import Mongo
from relance.settings.mail import MailGroup
from relance.settings.pacing import Breaking, Pacing
from tests.support.fakes import (
    FakeAlertGroups,
    FakeCycles,
    FakeFollowUps,
    FakeMailer,
    FakeMeter,
    FakeRelayLog,
    FixedClock,
)
from tests.support.keys import PRIVACY

MESSAGE_IDS = SealedMessageIds(PRIVACY.link_keys, "x.example")

PERIOD = "2026-11"
LOOK_EVERY = 0.05
DEFAULTS = Defaults(5, "18:00", "Europe/Paris")
SEND_AT = datetime(2026, 11, 5, 17, 0, tzinfo=UTC)
P = ParamSpec("P")
R = TypeVar("R")
ConnectRelay: TypeAlias = Callable[..., Breakers]
PACING, BREAKING = Pacing(), Breaking()


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
    cycles: FakeCycles
    control: ControlPoller
    brake: ErrorPause
    gates: Gates
    attempt: int = 1
    local: LocalSteps = field(default_factory=LocalSteps)
    relay_log: FakeRelayLog | None = None
    dead: list[asyncio.Task[Any]] = field(default_factory=list)
    burial: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def gate_parts(self) -> tuple[MongoErrorGates, Pull, str, FixedClock]:
        return self.data.error_gates, self.brake.pause_on_errors, "here:1", self.clock

    @property
    def sender(self) -> Sender:
        data = self.data
        return Sender(
            data.ledger,
            data.contacts,
            self.mailer,
            self.meter,
            self.clock,
            MESSAGE_IDS,
            self.relay_log,
            data.restores,
        )

    @property
    def invitations(self) -> Invitations:
        data = self.data
        people = (data.users, data.contacts, data.suppressions)
        return Invitations(*people, data.plans, data.ledger, self.sender, self.control, self.gates)

    @property
    def starts(self) -> FollowUpStarts:
        return FollowUpStarts(self.data.plans, self.data.ledger, self.follow_ups, self.meter, self.clock)

    @property
    def steps(self) -> FollowUpSteps:
        data = self.data
        reads = StepReads(data.users, data.contacts, data.plans, data.ledger)
        return FollowUpSteps(reads, data.ledger, self.sender, self.control, self.gates, self.local)

    @property
    def planning(self) -> Planning:
        data = self.data
        return Planning(data.users, data.plans, DEFAULTS, self.meter, data.quarantine, self.unsent, self.desk)

    @property
    def unsent(self) -> Unsent:
        data = self.data
        people = (data.users, data.contacts, data.suppressions)
        return Unsent(*people, data.plans, data.ledger, data.controls, data.unsent, DEFAULTS)

    @property
    def desk(self) -> AlertService:
        return AlertService(self.data.alerts, self.data.silences, self.alert_groups, self.clock)

    @property
    def corrections(self) -> Corrections:
        data = self.data
        return Corrections(data.users, data.contacts, data.ledger, data.compensations, self.sender, self.gates.rest)

    @property
    def endings(self) -> Endings:
        return Endings(self.data.controls, self.data.compensations, self.data.ledger, self.follow_ups, self.clock)

    @property
    def statistics(self) -> Statistics:
        data = self.data
        return Statistics(data.ledger, data.plans, data.job_runs, self.desk, self.meter, data.quarantine)

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
        return await self.run_batch(at)

    async def run_batch(self, at: datetime) -> BatchResult:
        return await self.run(self.invitations.send_batch, batch_of_everyone(at))

    async def follow(self, at: datetime = SEND_AT) -> int:
        return await self.run(self.starts.start_follow_ups, batch_of_everyone(at))

    async def notify(self, state: ControlState) -> None:
        """Tell the cycle something, as a person would, and wait until this process looks again."""
        told = await CycleControl(self.data.controls, self.cycles, self.clock).notify(PERIOD, state, "a test", "ann")
        assert told.changed
        await asyncio.sleep(1.1 * LOOK_EVERY)

    async def tell_event(self, invitation: str, kind: EventKind) -> None:
        data = self.data
        await EventIntake(data.ledger, data.contacts, data.suppressions, self.follow_ups, self.clock).take(
            invitation, kind
        )

    async def record_unsent(self, at: datetime) -> UnsentResult:
        return await self.run(self.unsent.record_unsent, UnsentInput(period=PERIOD, at=at))

    async def give_up(self) -> GivenUp:
        return await self.run(self.endings.give_up, GiveUpInput(period=PERIOD, at=self.clock.at))

    async def balance(self) -> CycleStatistics:
        return await balance_period(self.data.ledger, self.data.plans, PERIOD)

    async def entry(self, user: str, contact: str) -> Invitation:
        found = await self.data.ledger.get(invitation_id(PERIOD, user, contact))
        assert found is not None
        return found


@pytest.fixture
async def office(mongo_uri: str, indexed_database: str) -> AsyncIterator[Office]:
    data = connect(Mongo(uri=SecretStr(mongo_uri), database=indexed_database), PRIVACY)
    clock, groups, cycles = FixedClock(SEND_AT), FakeAlertGroups(), FakeCycles()
    brake = ErrorPause(
        CycleControl(data.controls, cycles, clock), AlertService(data.alerts, data.silences, groups, clock)
    )
    control, gates = (
        ControlPoller(data.controls, every=LOOK_EVERY),
        Gates(GatePolicy(canary=20, size=50), data.error_gates, brake.pause_on_errors, "here:1", clock),
    )
    office = Office(data, FakeMailer(), FakeFollowUps(), FakeMeter(), clock, groups, cycles, control, brake, gates)
    yield office
    office.burial.set()
    await asyncio.gather(*office.dead, return_exceptions=True)
    await data.close()


@pytest.fixture
async def connect_relay(office: Office) -> AsyncIterator[ConnectRelay]:
    """Gives the office real connections instead of the mailer that can be told to fail."""
    async with AsyncExitStack() as stack:

        def make(port: int, pacing: Pacing = PACING, breaking: Breaking = BREAKING, **settings: Any) -> Breakers:
            mail = MailGroup(port=port, connect_timeout=5, command_timeout=30, data_timeout=30, **settings)
            tokens, breakers = LinkTokens(PRIVACY.link_keys), Breakers(breaking)
            sign = partial(partial, tokens.sign)
            writer = MailRenderer(mail, sign(Purpose.SUBMIT), sign(Purpose.UNSUBSCRIBE))
            mailer = SmtpMailer(mail, writer.write, tokens.bounce_token, pacing, breakers)
            stack.push_async_callback(mailer.close)
            office.mailer = mailer  # type: ignore[assignment]
            return breakers

        yield make
