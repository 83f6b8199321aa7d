"""The chat on a real database, with groups that only note what they are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest

from relance.adapters.mongo.connection import Database
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.delivery import NotificationKind
from relance.domain.alerts.model import AlertRecord, Evidence, Rule
from relance.domain.alerts.policy import AlertPolicy
from relance.domain.channels.chat_message import ChatMessage
from relance.domain.channels.messages import OutgoingMessage
from relance.domain.cycle.send_times import Defaults
from relance.domain.failures import Severity
from relance.domain.invitations.reminders import DEFAULT_TIMING
from relance.services.alerts import AlertService
from relance.services.chat_answers import Speaker, Via
from relance.services.chat_decisions import ChatDecisions
from relance.services.chat_facts import ChatFacts
from relance.services.chat_status import ChatStatus
from relance.services.conversation import ChatService, Context
from relance.services.explaining import Explaining
from relance.services.people_explaining import PeopleExplaining
from relance.wording.alerts.messages import alert_message
from tests.support.fakes import FakeAlertGroups, FixedClock

NOW = datetime(2026, 11, 28, 13, 40, tzinfo=UTC)
ANNA = Speaker("anna", may_decide=True, via=Via.CONSOLE, zone="Europe/Paris", language="en")
VIEWER = Speaker("vera", may_decide=False, via=Via.CONSOLE, zone="Europe/Paris", language="en")
ANNE = Speaker("anne", may_decide=True, via=Via.CONSOLE, zone="Europe/Paris", language="fr")


@dataclass
class Room:
    """The chat and everything behind it."""

    data: Database
    groups: FakeAlertGroups = field(default_factory=FakeAlertGroups)
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))
    keys: count[int] = field(default_factory=count)

    @property
    def alerts(self) -> AlertService:
        return AlertService(self.data.alerts, self.data.silences, self.groups, self.clock)

    @property
    def chat(self) -> ChatService:
        data = self.data
        explaining = Explaining(data, self.clock, DEFAULT_TIMING)
        status = ChatStatus(ledger=data.ledger, plans=data.plans, controls=data.controls, alerts=data.alerts)
        people = PeopleExplaining(explaining, Defaults(day=5, time="18:00", zone="Europe/Paris"))
        facts = ChatFacts(alerts=data.alerts, people=people, status=status, policy=AlertPolicy())
        return ChatService(data.chat_messages, facts, ChatDecisions(self.alerts), self.clock)

    async def says(
        self, text: str, speaker: Speaker = ANNA, *, about: tuple[str, ...] = (), seen: int | None = None, key: str = ""
    ) -> OutgoingMessage:
        """Write into the chat and return the answer."""
        answer = await self.chat.say(speaker, text, Context(about, seen), key or f"k{next(self.keys)}")
        assert answer is not None
        return answer

    async def stored(self) -> list[ChatMessage]:
        return await self.data.chat_messages.latest(100)

    async def fires(
        self, subject: str = "0.1.376", *, rule: str = Rule.DEFAULT_LP, severity: Severity = Severity.HIGH
    ) -> AlertRecord:
        """Let an alert open and be told of in the chat."""
        condition = Condition(
            rule=rule,
            group=rule,
            subject=subject,
            severity=severity,
            labels={"partner": "Alpha", "offer": "Summer Sale", "landing_page": "Default", "match": "Default"},
            evidence=Evidence(value=Decimal(63), threshold=Decimal(50)),
        )
        (alert,) = await self.alerts.fire([condition])
        told = alert_message(
            NotificationKind.FIRING, [alert], key=f"alert/{alert.key}", at=self.clock.now(), language="en"
        )
        await self.data.chat_messages.add(told)
        return alert

    async def alert(self, key: str) -> AlertRecord:
        return (await self.data.alerts.newest([key]))[key]

    def pass_time(self, span: timedelta) -> None:
        self.clock.at += span


@pytest.fixture
def room(db: Database) -> Room:
    return Room(db)
