"""The SMTP side: aiosmtpd's protocol with our faults, and without what makes it slow.

aiosmtpd reads the data line by line and parses each address with the full grammar of RFC 5322. One read up to the final
dot and one regular expression for plain addresses replace both: mails of 12 kB and 150 lines cost 0.4 ms of CPU instead
of 1.1 ms, and that includes keeping them on disk.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import Callable, Sequence
from typing import Any, cast

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, Session

from relance.devstack.mailbox.rules import Delay, Refuse, RuleBook, SmtpStage
from relance.devstack.mailbox.store import MailboxStore

HOSTNAME = "mailbox.relance.example"
MOST_BYTES = 10_000_000
IDLE_S = 600.0
_PLAIN_ADDRESS = re.compile(r"^<([^\s<>\"\\,;:()\[\]@]+@[^\s<>\"\\,;:()\[\]@]+)>(?: (.*))?$")
LONGEST_LINE = 998

# It would report every command with its addresses, which are personal data.
logging.getLogger("mail.log").disabled = True


class MailboxState:
    """What all conversations share: rules, store, counts of connections; with `tls`, STARTTLS and AUTH are offered."""

    def __init__(self, store: MailboxStore, rules: RuleBook, tls: ssl.SSLContext | None = None) -> None:
        self.store = store
        self.rules = rules
        self.tls = tls
        self.connections = 0
        self.open = 0
        self.most_open = 0
        self._last = store.last_connection

    def opened(self) -> int:
        """Count a new connection; return its number, unique also over restarts."""
        self._last += 1
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        return self._last


class Conversation(SMTP):
    """One connection."""

    line_length_limit = MOST_BYTES + 1000

    def __init__(self, switchboard: MailboxState, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            None,
            data_size_limit=MOST_BYTES,
            enable_SMTPUTF8=True,
            hostname=HOSTNAME,
            ident="Relance mailbox",
            timeout=IDLE_S,
            tls_context=switchboard.tls,
            authenticator=_anybody,
            auth_exclude_mechanism=() if switchboard.tls else ("LOGIN", "PLAIN"),
            loop=loop,
        )
        self._board = switchboard
        self._number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection."""
        # STARTTLS announces the same connection a second time.
        if self.transport is None:
            self._number = self._board.opened()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Count the connection as gone."""
        self._board.open -= 1
        super().connection_lost(error)

    async def _handle_client(self) -> None:
        reply = await self._fault(SmtpStage.CONNECT)
        if reply is not None:
            await self._hang_up(reply)
        await super()._handle_client()

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        """Greet, or fail on demand."""
        reply = await self._fault(SmtpStage.EHLO)
        await (self.push(reply) if reply else super().smtp_EHLO(hostname))

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802
        """Greet, or fail on demand."""
        reply = await self._fault(SmtpStage.EHLO)
        await (self.push(reply) if reply else super().smtp_HELO(hostname))

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802
        """Encrypt what follows, or fail on demand."""
        reply = await self._fault(SmtpStage.STARTTLS)
        await (self.push(reply) if reply else super().smtp_STARTTLS(arg))

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        """Let anybody in, or fail on demand."""
        reply = await self._fault(SmtpStage.AUTH)
        await (self.push(reply) if reply else super().smtp_AUTH(arg))

    async def _call_handler_hook(self, command: str, *args: Any) -> Any:
        if command == "MAIL":
            return await self._fault(SmtpStage.MAIL) or MISSING
        if command == "RCPT":
            return await self._fault(SmtpStage.RCPT, [args[0]]) or MISSING
        return MISSING

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        """Take the mail, keep it and reply, or fail on demand before or after."""
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
            return
        reply = await self._fault(SmtpStage.DATA, envelope.rcpt_tos)
        if reply is None:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            first = await self._reader.readuntil(b"\n")
            await self._fault(SmtpStage.BODY, envelope.rcpt_tos)
            raw = await self._read_data(first)
            reply = await self._accept(envelope.mail_from or "", envelope.rcpt_tos, raw)
        self.envelope = self._create_envelope()
        await self.push(reply)

    async def _read_data(self, first: bytes) -> bytes:
        """Return the mail that begins with this line, without dot-stuffing (RFC 5321 section 4.5.2)."""
        data = bytearray(first)
        while data != b".\r\n" and not data.endswith(b"\r\n.\r\n"):
            data += await self._reader.readuntil(b".\r\n")
        return bytes(data[:-3]).replace(b"\r\n..", b"\r\n.").removeprefix(b".")

    async def _accept(self, sender: str, to: Sequence[str], raw: bytes) -> str:
        if max(map(len, raw.split(b"\r\n"))) > LONGEST_LINE:
            return "500 5.6.0 line longer than 998 octets (RFC 5322 section 2.1.1)"
        kept = False

        def keep() -> None:
            nonlocal kept
            if not kept:
                self._board.store.append(self._number, sender, to, raw)
                kept = True

        reply = await self._fault(SmtpStage.END_OF_DATA, to, keep)
        if reply is None:
            keep()
        return reply or "250 2.0.0 kept"

    async def _fault(
        self, stage: SmtpStage, recipients: Sequence[str] = (), keep: Callable[[], None] | None = None
    ) -> str | None:
        """Apply the rules of a stage; return the refusal to send, or None to go on."""
        for step in self._board.rules.pick(stage, recipients):
            if isinstance(step, Refuse):
                reply = f"{step.code} {step.text}"
                if step.code == 421:
                    await self._hang_up(reply)
                return reply
            if step.stored and keep is not None:
                keep()
            if isinstance(step, Delay):
                await asyncio.sleep(step.seconds)
            else:
                await self._hang_up(None)
        return None

    async def _hang_up(self, last_words: str | None) -> None:
        """Close the connection; never returns, because the loss of the connection cancels this task."""
        transport = cast("asyncio.Transport", self.transport)
        if last_words is not None:
            await self.push(last_words)
            transport.close()
        else:
            transport.abort()
        await asyncio.get_running_loop().create_future()

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        plain = _PLAIN_ADDRESS.match(arg or "")
        if plain:
            return plain[1], plain[2] or ""
        return super()._getaddr(arg)


def _anybody(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, _data: Any) -> AuthResult:
    return AuthResult(success=True)
