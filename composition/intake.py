"""The mail intake: settings, adapters -> its service and its listener (SPEC G3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from relance.adapters.tokens import LinkTokens
from relance.attribution import Attributor
from relance.clock import SystemClock
from relance.domain.intake import MessageEnvelope
from relance.events import EventIntake
from relance.gateway.intake.handler import IntakeHandler
from relance.gateway.intake.server import serving_intake
from relance.intake_reports import ReportJudge
from relance.mail_intake import CountMessage, IntakeLimits, MailIntake, TakesEvents
from relance.ports import Contacts, FollowUps, Ledger, Suppressions
from relance.ports.mail_intake import IntakeMessages
from relance.runtime.metrics import Instruments
from relance.settings import Settings


class IntakeData(Protocol):
    """What of an open database the intake works on."""

    @property
    def ledger(self) -> Ledger:
        """The invitations."""

    @property
    def contacts(self) -> Contacts:
        """The contacts."""

    @property
    def suppressions(self) -> Suppressions:
        """The suppressed mailboxes."""

    @property
    def intake_messages(self) -> IntakeMessages:
        """The messages that were read."""


def mail_intake(settings: Settings, data: IntakeData, events: TakesEvents, count: CountMessage) -> MailIntake:
    """Return the service on an open database."""
    clock, intake = SystemClock(), settings.intake
    attributor = Attributor(
        tokens=LinkTokens(settings.privacy.link_keys),
        ledger=data.ledger,
        contacts=data.contacts,
        suppressions=data.suppressions,
        messages=data.intake_messages,
        domain=settings.mail.message_id_domain,
    )
    return MailIntake(
        attributor=attributor,
        judge=ReportJudge(attributor, data.ledger, data.intake_messages, clock),
        events=events,
        messages=data.intake_messages,
        clock=clock,
        limits=IntakeLimits(intake.records_kept, intake.messages_kept, intake.kept_bytes, intake.door_names()),
        count=count,
    )


def event_intake(data: IntakeData, follow_ups: FollowUps) -> EventIntake:
    """Return where the events of returned mail come in."""
    return EventIntake(data.ledger, data.contacts, data.suppressions, follow_ups, SystemClock())


@asynccontextmanager
async def listening(
    settings: Settings, data: IntakeData, follow_ups: FollowUps, instruments: Instruments
) -> AsyncIterator[None]:
    """Take mail while the block runs; nothing if the settings name no port.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    service = mail_intake(settings, data, event_intake(data, follow_ups), instruments.intake_message)
    via = settings.intake.protocol.value

    async def take(raw: bytes, envelope: MessageEnvelope) -> object:
        return await service.take(raw, envelope, via)

    domains = settings.intake.taken_domains(settings.mail.bounce_domain)
    handler = IntakeHandler(take, domains, instruments.intake_refused)
    async with serving_intake(settings.intake, handler):
        yield
