"""What the gateway's routes need, over a database or without one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

from composition.gateway import open_tracking_of
from composition.intake import unsubscribing_of
from relance.adapters.attachment_tokens import AttachmentTokens
from relance.adapters.clock import SystemClock
from relance.adapters.mongo.connection import Database
from relance.adapters.tokens import LinkTokens
from relance.contracts.follow_up import InvitationEvent
from relance.domain.invitations.reminders import DEFAULT_TIMING
from relance.gateway.needs import IntakeNeeds, Needs, VerifyAttachment
from relance.ports import Attachments, Clock, FollowUps
from relance.rendering.pages import PageWriter
from relance.services.events import EventIntake
from relance.services.explaining import Explaining
from relance.settings.gateway import Gateway
from relance.settings.intake import Intake
from tests.support.fakes import FakeAttachments, FakeFollowUps
from tests.support.keys import PRIVACY

NO_DATABASE = cast("Any", None)
"""For routes that ask none: whoever does gets an AttributeError."""
_PORTS = (
    "intake_messages",
    "quarantine",
    "users",
    "contacts",
    "suppressions",
    "ledger",
    "inbox",
    "outbox",
    "plans",
    "controls",
)


def no_intake() -> IntakeNeeds:
    """Return what the webhooks need where the settings switch all of them off."""
    return IntakeNeeds(settings=Intake(), service=NO_DATABASE, fetch=NO_DATABASE, refused=lambda _: None)


def needs_of(
    db: Database | None = None,
    *,
    settings: Gateway | None = None,
    attachments: Attachments | None = None,
    verify_attachment: VerifyAttachment | None = None,
    follow_ups: FollowUps | None = None,
    clock: Clock | None = None,
    draining: Callable[[], bool] = lambda: False,
    is_tracking: bool = False,
    notify: Callable[[Sequence[InvitationEvent]], None] = lambda _: None,
    intake: IntakeNeeds | None = None,
) -> Needs:
    """Return the needs of an application; without a database only what asks none is answered."""
    data: Any = db
    clock = clock or SystemClock()
    if db is None:
        # Never asked, and not there.
        data = SimpleNamespace(**dict.fromkeys(_PORTS, None), attachments=FakeAttachments())
    events = EventIntake(
        ledger=data.ledger,
        contacts=data.contacts,
        suppressions=data.suppressions,
        follow_ups=follow_ups or FakeFollowUps(),
        clock=clock,
        outbox=data.outbox,
        notify=notify,
    )
    return Needs(
        settings=settings or Gateway(),
        attachments=attachments or data.attachments,
        verify_attachment=verify_attachment or AttachmentTokens(PRIVACY.link_keys).verify,
        tokens=LinkTokens(PRIVACY.link_keys),
        users=data.users,
        contacts=data.contacts,
        suppressions=data.suppressions,
        ledger=data.ledger,
        inbox=data.inbox,
        outbox=data.outbox,
        events=events,
        explaining=Explaining(data, clock, DEFAULT_TIMING),
        unsubscribing=unsubscribing_of(data, events, clock) if db else NO_DATABASE,
        pages=PageWriter("Form-a-Friend", "Europe/Paris"),
        open_tracking=open_tracking_of(data, events, clock, is_on=is_tracking) if db else NO_DATABASE,
        intake=intake or no_intake(),
        clock=clock,
        draining=draining,
    )
