"""E-mail over our relay, on a connection of its own: an alert never waits behind a hundred thousand invitations."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import TypeAlias

from relance.adapters.smtp.opening import Opener
from relance.adapters.smtp.pool import Pool
from relance.adapters.smtp.session import Envelope
from relance.domain.channels.messages import OutgoingMessage
from relance.domain.failures import FailureClass, classify_smtp
from relance.errors import (
    ChannelError,
    ChannelGone,
    ChannelRefused,
    ChannelUnavailable,
    DependencyUnavailable,
    MailRefused,
    MailUncertain,
)
from relance.ports import Delivered
from relance.settings.mail import MailGroup
from relance.settings.recipients import ChannelName

WriteMail: TypeAlias = Callable[[OutgoingMessage, str, str], bytes]
"""Writes a message to an address under a Message-ID, with CRLF line ends."""


class AlertMail:
    """`ports.Channel` over SMTP; the same key always has the same Message-ID. Who made it closes it."""

    def __init__(self, mail: MailGroup, to_address: str, write: WriteMail, name: str = ChannelName.MAIL) -> None:
        self.name = name
        self._mail = mail
        self._to_address = to_address
        self._write = write
        self._pool = Pool(Opener(mail).open, size=lambda: 1, renew_after=mail.messages_per_connection)

    async def deliver(self, message: OutgoingMessage) -> Delivered:
        """Hand the mail to the relay."""
        reference = hashlib.sha256(message.key.encode()).hexdigest()[:32]
        message_id = f"<alert.{reference}@{self._mail.message_id_domain}>"
        # Charts are encoded and templates rendered in it.
        content = await asyncio.to_thread(self._write, message, self._to_address, message_id)
        envelope = Envelope(f"alert+{reference}@{self._mail.bounce_domain}", self._to_address, reference)
        try:
            await self._hand_over(envelope, content)
        except MailRefused as refusal:
            raise self._translated(refusal) from None
        except MailUncertain:
            raise ChannelUnavailable(self.name, "no reply to the data") from None
        except DependencyUnavailable as error:
            raise ChannelUnavailable(self.name, error.detail, code=error.code) from None
        return Delivered(self.name)

    async def close(self) -> None:
        """Take leave of the relay."""
        await self._pool.close()

    async def _hand_over(self, envelope: Envelope, content: bytes) -> None:
        async with self._pool.slot() as slot:
            session = await slot.ready()
            try:
                await session.deliver(envelope, content)
            except DependencyUnavailable:
                if not session.was_stale:
                    raise
                # It had been closed before this mail: the mail has not been tried yet.
                session = await slot.ready()
                await session.deliver(envelope, content)

    def _translated(self, refusal: MailRefused) -> ChannelError:
        failure = classify_smtp(refusal.code, refusal.text, refusal.stage)
        detail = f"{refusal} ({failure.code})"
        if failure.class_ is FailureClass.HARD_RECIPIENT:
            return ChannelGone(self.name, detail)
        if refusal.code < 500 or failure.retryable:
            return ChannelUnavailable(self.name, detail)
        return ChannelRefused(self.name, detail)
