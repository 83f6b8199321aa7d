"""The port `Mailer` over SMTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TypeAlias

from relance.adapters.breaker import Breakers
from relance.adapters.smtp.limiters import Pacer
from relance.adapters.smtp.mail_servers import system_resolver
from relance.adapters.smtp.opening import GuardedOpener, Opener
from relance.adapters.smtp.pool import Pool, PoolSlot
from relance.adapters.smtp.provider_limiter import LimiterEntry, now
from relance.adapters.smtp.session import Envelope
from relance.adapters.tracing import span
from relance.domain.mail.sharing import LimitShare, ProviderRest
from relance.errors import DependencyUnavailable
from relance.ports import OutgoingMail
from relance.settings.mail import MailGroup
from relance.settings.pacing import Pacing

Render: TypeAlias = Callable[[OutgoingMail], tuple[str, bytes]]
"""Writes a letter: the recipient's address as the envelope needs it, and the message with CRLF line ends."""

BounceToken: TypeAlias = Callable[[str], str]
"""Names an invitation in an envelope sender: at most 57 characters of an address's local part."""


class SmtpMailer:
    """Sends letters over pooled connections. One per process; who made it closes it."""

    def __init__(
        self,
        mail: MailGroup,
        render: Render,
        bounce_token: BounceToken,
        pacing: Pacing,
        breakers: Breakers,
        *,
        share: LimitShare | None = None,
    ) -> None:
        self._mail = mail
        self._share = share or LimitShare()
        self._render = render
        self._bounce_token = bounce_token
        self._pacer = Pacer(mail, pacing, breakers, system_resolver() if pacing.by_mx else None, share=self._share)
        opener = GuardedOpener(Opener(mail), breakers.busy("relay"))
        self._pool = Pool(opener.open, size=lambda: self.connections, renew_after=mail.messages_per_connection)

    @property
    def connections(self) -> int:
        """The most connections that are open at once in this process: its share of them."""
        return self._share.whole(self._mail.connections)

    @asynccontextmanager
    async def lane(self) -> AsyncIterator[SmtpLane]:
        """Wait for a free connection, opening one if allowed.

        Raises:
            DependencyUnavailable: the relay cannot be reached.
            MailRefused: it refuses us for good; stage `connect` or `auth`.
        """
        # A span per mail would cost as much as a tenth of the mail.
        with span("SMTP lane", {"server.address": self._mail.host}) as lasting:
            async with self._pool.slot() as slot:
                lane = SmtpLane(slot, self._pacer, self._write)
                try:
                    yield lane
                finally:
                    lane.release()
                    lasting.set_attribute("relance.mails", lane.handed_over)

    def rests(self) -> Sequence[ProviderRest]:
        """Return the providers that asked this process to wait."""
        return self._pacer.rests()

    def leave_alone(self, rest: ProviderRest) -> None:
        """Let a provider rest that asked another process to wait."""
        self._pacer.leave_alone(rest)

    async def close(self) -> None:
        """Take leave of the relay on every connection."""
        await self._pacer.close()
        await self._pool.close()

    def _write(self, letter: OutgoingMail) -> tuple[Envelope, bytes]:
        recipient, message = self._render(letter)
        token = self._bounce_token(letter.invitation_id)
        # Variable envelope return path: a bounce names its invitation by the address it comes back to.
        return Envelope(f"bounce+{token}@{self._mail.bounce_domain}", recipient, token), message


class SmtpLane:
    """The port `MailLane`: one connection until the lane is left, replaced when it breaks or is worn."""

    def __init__(self, slot: PoolSlot, pacer: Pacer, write: Callable[[OutgoingMail], tuple[Envelope, bytes]]) -> None:
        self._slot = slot
        self._pacer = pacer
        self._write = write
        self._patience = pacer.patience
        self._turn: tuple[str, LimiterEntry] | None = None
        self.handed_over = 0

    def is_free(self, to_address: str) -> bool:
        """Return whether `turn` would answer at once."""
        return self._pacer.is_free(to_address)

    async def acquire(self, to_address: str) -> timedelta | None:
        """Wait until a mail to this address may go; or return for how long it is to be put off instead."""
        self.release()
        entry = await self._pacer.acquire(to_address, self._patience)
        if not isinstance(entry, LimiterEntry):
            return timedelta(seconds=entry)
        self._patience -= entry.waited
        self._turn = to_address, entry
        return None

    def release(self) -> None:
        """Give a turn back that was not used."""
        if self._turn is not None:
            (_, entry), self._turn = self._turn, None
            entry.gate.leave_unused(entry)

    async def send(self, letter: OutgoingMail) -> None:
        """Hand one mail over and wait for the relay's acceptance.

        Raises:
            InvalidInput: the address cannot be written to.
            MailRefused: the relay answered 4xx or 5xx.
            MailUncertain: the reply to the data never came.
            DependencyUnavailable: the mail was certainly not sent.
        """
        if self._turn is None or self._turn[0] != letter.to_address:
            # The contact has moved since the turn: what becomes of the mail says nothing about that provider.
            await self._deliver(letter)
            return
        (_, entry), self._turn = self._turn, None
        begun = now()
        try:
            await self._deliver(letter)
        except Exception as error:
            entry.gate.release(entry, begun, error)
            raise
        except BaseException:
            # Cancelled: that says nothing about the provider.
            entry.gate.leave_unused(entry)
            raise
        entry.gate.release(entry, begun, None)

    async def _deliver(self, letter: OutgoingMail) -> None:
        envelope, message = self._write(letter)
        self.handed_over += 1
        session = await self._slot.ready()
        try:
            await session.deliver(envelope, message)
        except DependencyUnavailable:
            if not session.was_stale:
                raise
            # It had been closed before this mail: the mail has not been tried yet.
            session = await self._slot.ready()
            await session.deliver(envelope, message)
