from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeAlias

import pytest

from relance.adapters.breaker import Breakers
from relance.adapters.smtp.mailer import SmtpMailer
from relance.adapters.tokens import LinkTokens, Purpose
from relance.domain.invitations.invitation import MailKind
from relance.ports import OutgoingMail
from relance.rendering.mail import MailRenderer
from relance.settings.mail import MailGroup
from relance.settings.pacing import Breaking, Pacing
from tests.support.keys import PRIVACY
from tests.support.smtp_relay import Relay

Start: TypeAlias = Callable[..., Awaitable[Relay]]
Connect: TypeAlias = Callable[..., SmtpMailer]
PACING, BREAKING = Pacing(), Breaking()


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts relays; the test names what they offer."""
    async with AsyncExitStack() as stack:

        async def run(**offers: Any) -> Relay:
            relay = Relay(**offers)
            await stack.enter_async_context(await relay.start())
            stack.callback(relay.hang_up)
            return relay

        yield run


@pytest.fixture
async def relay(start: Start) -> Relay:
    return await start()


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Makes mailers for a relay; the test names their settings."""
    tokens = LinkTokens(PRIVACY.link_keys)
    async with AsyncExitStack() as stack:

        def make(relay: Relay, pacing: Pacing = PACING, breakers: Breaking = BREAKING, **settings: Any) -> SmtpMailer:
            limits = {"connect_timeout": 5, "command_timeout": 5, "data_timeout": 5}
            mail = MailGroup(port=relay.port, **{**limits, **settings})
            sign = partial(partial, tokens.sign)
            writer = MailRenderer(mail, sign(Purpose.SUBMIT), sign(Purpose.UNSUBSCRIBE))
            mailer = SmtpMailer(mail, writer.write, tokens.bounce_token, pacing, Breakers(breakers))
            stack.push_async_callback(mailer.close)
            return mailer

        yield make


def a_letter(number: int = 1, *, to: str = "") -> OutgoingMail:
    invitation = f"2026-11.u1.c{number}"
    return OutgoingMail(
        invitation_id=invitation,
        kind=MailKind.INVITATION,
        message_id=f"<{invitation}.invitation@form-a-friend.example>",
        to_address=to or f"c{number}@mail.example",
        to_name="Léa",
        sender_name="Camille",
        locale="fr",
        date=datetime(2026, 11, 5, 17, tzinfo=UTC),
    )
