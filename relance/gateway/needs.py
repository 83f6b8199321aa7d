"""What the route modules of the gateway work with; handed in by `composition/gateway.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from starlette.requests import Request
from temporalio.converter import PayloadCodec

from relance.adapters.tokens import LinkTokens
from relance.domain.channels.messages import OutgoingMessage
from relance.ports import Attachments, Clock, Contacts, Inbox, Ledger, Outbox, Suppressions, Users
from relance.rendering.pages import PageWriter
from relance.services.conversation import ChatService
from relance.services.events import EventIntake
from relance.services.explaining import Explaining
from relance.services.mail_intake import MailIntake
from relance.services.open_tracking import OpenTracking
from relance.services.unsubscribing import Unsubscribing
from relance.settings.gateway import Gateway
from relance.settings.intake import Intake

VerifyAttachment: TypeAlias = Callable[[str], tuple[str, str]]
"""Returns the message key and the file name a token was signed for; raises InvalidInput."""


@dataclass(frozen=True, slots=True)
class IntakeNeeds:
    """What the webhooks of relays work with; `refused` counts calls that were not taken, by reason."""

    settings: Intake
    service: MailIntake
    fetch: Callable[[str], Awaitable[bytes]]
    refused: Callable[[str], None]


class Viewer(Protocol):
    """Says who may read; the console's sign-in is one."""

    async def may_read(self, request: Request) -> bool:
        """Return whether the person or program behind a request may read payloads."""


@dataclass(frozen=True, slots=True)
class CodecNeeds:
    """The codec, whose keys open; `viewers` of whom one is enough, `origins` whose pages may call us."""

    codec: PayloadCodec
    viewers: Sequence[Viewer]
    origins: frozenset[str] = frozenset()


class AnswerSlack(Protocol):
    """Posts an answer to where Slack takes it."""

    async def __call__(self, address: str, message: OutgoingMessage, *, is_public: bool) -> None:
        """Post it, for everybody in the channel or for who asked; raises ChannelError."""


@dataclass(frozen=True, slots=True)
class SlackNeeds:
    """What the buttons in Slack work with; `refused` counts calls that were not taken, by reason.

    `zone` and `language` are those of the messages.
    """

    secret: str = field(repr=False)
    conversation: ChatService
    may_decide: Callable[[str], bool]
    answer: AnswerSlack
    refused: Callable[[str], None]
    clock: Clock
    zone: str
    language: str


@dataclass(frozen=True, slots=True)
class Needs:
    """Ports, keys and settings of all routes; a module takes what it needs, and adds a field if something is missing.

    attachments, verify_attachment: the pictures of messages. tokens: the links in mails. events: where what happened to
    an invitation comes in; inbox, outbox: of the application's messages. explaining: why something was sent or not.
    unsubscribing, pages: what unsubscribe links do, and how it is shown. draining: whether this process is about to
    stop, so that nobody should begin with it. codec: how Temporal Web reads payloads, None without a key.
    slack: the buttons of messages there; None without an app.
    """

    settings: Gateway
    attachments: Attachments
    verify_attachment: VerifyAttachment
    tokens: LinkTokens
    users: Users
    contacts: Contacts
    suppressions: Suppressions
    ledger: Ledger
    inbox: Inbox
    outbox: Outbox
    events: EventIntake
    explaining: Explaining
    unsubscribing: Unsubscribing
    pages: PageWriter
    open_tracking: OpenTracking
    intake: IntakeNeeds
    clock: Clock
    draining: Callable[[], bool]
    codec: CodecNeeds | None = None
    slack: SlackNeeds | None = None
