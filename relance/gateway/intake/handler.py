"""What the listener does with a message: take it, and answer only what is true.

2xx after the event and the record are on the majority of MongoDB; 4xx when that cannot be said, so that the mail server
keeps the mail and hands it in again, which changes nothing the second time.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from relance.domain.intake import MessageEnvelope
from relance.domain.invitations.addresses import domain_of
from relance.errors import DependencyUnavailable

logger = logging.getLogger(__name__)

TakeMessage: TypeAlias = Callable[[bytes, MessageEnvelope], Awaitable[object]]
"""Reads a message and applies it; raises DependencyUnavailable when that is not certain."""

CountRefused: TypeAlias = Callable[[str], None]

TAKEN = "250 2.6.0 taken"
LATER = "451 4.3.0 not now, keep the message and try again"
NOT_OURS = "550 5.1.1 no such address here"
MOST_RECIPIENTS = 20
TOO_MANY = "452 4.5.3 too many recipients"


class IntakeHandler:
    """aiosmtpd's handler; `domains` are those mail is taken for, lower case."""

    def __init__(self, take: TakeMessage, domains: frozenset[str], refused: CountRefused) -> None:
        self._take = take
        self._domains = domains
        self.refused = refused

    async def handle_RCPT(  # noqa: N802 - as aiosmtpd finds its hooks
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take a recipient of a domain of ours."""
        if domain_of(address) not in self._domains:
            self.refused("recipient")
            return NOT_OURS
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return TOO_MANY
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 fine"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        """Take a message for all its recipients: it is read once, whichever recipient is meant."""
        sender = envelope.mail_from or ""
        came = MessageEnvelope("" if sender == "<>" else sender, tuple(envelope.rcpt_tos))
        try:
            await self._take(bytes(envelope.content or b""), came)
        except DependencyUnavailable as error:
            self.refused("unavailable")
            logger.warning("a message was left to the mail server: %s", error)
            return LATER
        except Exception as error:  # noqa: BLE001 - a fault of ours must not cost a message
            self.refused("unavailable")
            logger.error("a message was left to the mail server (%s)", type(error).__name__)  # noqa: TRY400 - it quotes
            return LATER
        return TAKEN

    async def handle_exception(self, _error: Exception) -> str:
        """Answer what aiosmtpd itself stumbles over."""
        return LATER
