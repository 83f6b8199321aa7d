"""Makes the chat out of settings and adapters, for the console and for Slack (SPEC K3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from temporalio.client import Client

from relance.adapters.clock import SystemClock
from relance.adapters.mongo.connection import Database
from relance.domain.cycle.send_times import Defaults
from relance.services.alerts import AlertService
from relance.services.chat_decisions import ChatDecisions
from relance.services.chat_facts import ChatFacts
from relance.services.chat_status import ChatStatus
from relance.services.conversation import ChatService
from relance.services.explaining import Explaining
from relance.services.people_explaining import PeopleExplaining
from relance.settings import Settings
from relance.temporal.alert_groups import TemporalAlertGroups

PATIENCE: Final = timedelta(seconds=2)
"""A decision is stored before a workflow is signalled, and a person waits for the answer; Slack waits for 3 s."""


def conversation_of(settings: Settings, data: Database, client: Client, explaining: Explaining) -> ChatService:
    """Return the chat."""
    clock, scheduling = SystemClock(), settings.scheduling
    defaults = Defaults(day=scheduling.default_day, time=scheduling.default_time, zone=scheduling.default_zone)
    status = ChatStatus(ledger=data.ledger, plans=data.plans, controls=data.controls, alerts=data.alerts)
    facts = ChatFacts(
        alerts=data.alerts,
        people=PeopleExplaining(explaining, defaults),
        status=status,
        policy=settings.alerts.policy,
    )
    return ChatService(
        messages=data.chat_messages,
        facts=facts,
        decisions=ChatDecisions(alert_service_of(settings, data, client)),
        clock=clock,
    )


def alert_service_of(settings: Settings, data: Database, client: Client) -> AlertService:
    """Return where people's decisions about alerts come in."""
    groups = TemporalAlertGroups(client, settings.alerts.policy, PATIENCE)
    return AlertService(alerts=data.alerts, silences=data.silences, groups=groups, clock=SystemClock())
