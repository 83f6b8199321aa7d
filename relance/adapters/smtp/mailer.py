"""The port `Mailer` over SMTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from relance.adapters.smtp.opening import Opener
from relance.adapters.smtp.pacing import Pacer
from relance.adapters.smtp.pool import Pool, Slot
from relance.adapters.smtp.session import Envelope
from relance.domain.addresses import domain_of
from relance.errors import DependencyUnavailable
from relance.ports import Letter
from relance.settings import Mail

Render: TypeAlias = Callable[[Letter], tuple[str, bytes]]
"""Writes a letter: the recipient's address as the envelope needs it, and the message with CRLF line ends."""

BounceToken: TypeAlias = Callable[[str], str]
"""Names an invitation in an envelope sender: at most 57 characters of an address's local part."""


class SmtpMailer:
    """Sends letters over pooled connections. One per process; who made it closes it."""

    def __init__(self, mail: Mail, render: Render, bounce_token: BounceToken) -> None:
        self._mail = mail
        self._render = render
        self._bounce_token = bounce_token
        self._pacer = Pacer(mail.rate, mail.rate_per_domain)
        self._pool = Pool(Opener(mail).open, size=mail.connections, renew_after=mail.messages_per_connection)

    @property
    def connections(self) -> int:
        """The most connections that are open at once in this process."""
        return self._mail.connections

    @asynccontextmanager
    async def lane(self) -> AsyncIterator[SmtpLane]:
        """Wait for a free connection, opening one if allowed.

        Raises:
            DependencyUnavailable: the relay cannot be reached.
            MailRefused: it refuses us for good; stage `connect` or `auth`.
        """
        async with self._pool.slot() as slot:
            yield SmtpLane(slot, self._pacer, self._write)

    async def close(self) -> None:
        """Take leave of the relay on every connection."""
        await self._pool.close()

    def _write(self, letter: Letter) -> tuple[Envelope, bytes]:
        recipient, message = self._render(letter)
        token = self._bounce_token(letter.invitation_id)
        # Variable envelope return path: a bounce names its invitation by the address it comes back to.
        return Envelope(f"bounce+{token}@{self._mail.bounce_domain}", recipient, token), message


class SmtpLane:
    """The port `MailLane`: one connection until the lane is left, replaced when it breaks or is worn."""

    def __init__(self, slot: Slot, pacer: Pacer, write: Callable[[Letter], tuple[Envelope, bytes]]) -> None:
        self._slot = slot
        self._pacer = pacer
        self._write = write

    @property
    def paced(self) -> bool:
        """Whether a rate limit is set, so that `turn` may have to wait."""
        return self._pacer.limited

    async def turn(self, to_address: str) -> None:
        """Wait until the rate limits allow a mail to this address."""
        await self._pacer.turn(domain_of(to_address))

    async def send(self, letter: Letter) -> None:
        """Hand one mail over and wait for the relay's acceptance.

        Raises:
            InvalidInput: the address cannot be written to.
            MailRefused: the relay answered 4xx or 5xx.
            MailUncertain: the reply to the data never came.
            DependencyUnavailable: the mail was certainly not sent.
        """
        envelope, message = self._write(letter)
        session = await self._slot.ready()
        try:
            await session.deliver(envelope, message)
        except DependencyUnavailable:
            if not session.was_stale:
                raise
            # It had been closed before this mail: the mail has not been tried yet.
            session = await self._slot.ready()
            await session.deliver(envelope, message)
