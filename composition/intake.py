"""Makes the service and the listener of the mail intake out of settings and adapters (SPEC G3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from relance.adapters.clock import SystemClock
from relance.adapters.message_ids import SealedMessageIds
from relance.adapters.mongo.connection import Database
from relance.adapters.tokens import LinkTokens
from relance.contracts.follow_up import FollowUpInput, InvitationEvent
from relance.domain.intake import MessageEnvelope
from relance.domain.invitations.opt_outs import OptOutScope, OptOutWay
from relance.gateway.intake.handler import CountRefused, IntakeHandler
from relance.gateway.intake.server import serving_intake
from relance.ports import Clock
from relance.services.attribution import Attributor
from relance.services.events import EventIntake
from relance.services.intake_reports import ReportJudge
from relance.services.mail_intake import CountMessage, IntakeLimits, MailIntake, OptOutByMail, TakesEvents
from relance.services.unsubscribing import Unsubscribing
from relance.settings import Settings


class LeftToOutbox:
    """The follow-ups for a command. It signals none itself: a worker signals them out of the outbox."""

    async def start(self, follow_up: FollowUpInput) -> bool:
        """Refuse to start a follow-up."""
        raise AssertionError(f"an event started {follow_up.period}")

    async def notify(self, event: InvitationEvent, *, parts: int | None = None) -> bool:
        """Leave the event to the outbox."""
        del event, parts
        return False


def mail_intake(settings: Settings, data: Database, events: EventIntake, count: CountMessage) -> MailIntake:
    """Return the service on an open database."""
    unsubscribing = unsubscribing_of(data, events, SystemClock())

    async def opt_out(invitation_id: str) -> bool:
        # It stands in the same header as one click, and goes as far.
        return await unsubscribing.opt_out(invitation_id, OptOutScope.EVERYONE, OptOutWay.MAIL)

    return intake_service(settings, data, events, opt_out, count)


def intake_service(
    settings: Settings, data: Database, events: TakesEvents, opt_out: OptOutByMail, count: CountMessage
) -> MailIntake:
    """Return the service with these ways to apply what it read."""
    clock, intake = SystemClock(), settings.intake
    attributor = Attributor(
        tokens=LinkTokens(settings.privacy.link_keys),
        ledger=data.ledger,
        contacts=data.contacts,
        suppressions=data.suppressions,
        messages=data.intake_messages,
        message_ids=SealedMessageIds(settings.privacy.link_keys, settings.mail.message_id_domain),
    )
    return MailIntake(
        attributor=attributor,
        judge=ReportJudge(attributor, data.ledger, data.intake_messages, clock),
        events=events,
        opt_out=opt_out,
        messages=data.intake_messages,
        clock=clock,
        limits=IntakeLimits(intake.records_kept, intake.messages_kept, intake.kept_bytes, intake.door_names()),
        count=count,
    )


def events_of_command(data: Database) -> EventIntake:
    """Return where a command writes events: nobody waits for Temporal."""
    return EventIntake(data.ledger, data.contacts, data.suppressions, LeftToOutbox(), SystemClock())


def unsubscribing_of(data: Database, events: EventIntake, clock: Clock) -> Unsubscribing:
    """Return what unsubscribe links and mails do."""
    return Unsubscribing(
        ledger=data.ledger,
        users=data.users,
        contacts=data.contacts,
        suppressions=data.suppressions,
        events=events,
        opt_outs=data.opt_outs,
        lifting=data.opt_outs,
        clock=clock,
    )


@asynccontextmanager
async def listening(settings: Settings, service: MailIntake, refused: CountRefused) -> AsyncIterator[None]:
    """Take mail while the block runs; nothing if the settings name no port.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    via = settings.intake.protocol.value

    async def take(raw: bytes, envelope: MessageEnvelope) -> object:
        return await service.take(raw, envelope, via)

    domains = settings.intake.taken_domains(settings.mail.bounce_domain)
    async with serving_intake(settings.intake, IntakeHandler(take, domains, refused)):
        yield
