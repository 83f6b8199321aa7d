"""A relay inside the test: aiosmtpd, with faults at any stage, and a memory of what it saw."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

logging.getLogger("mail.log").disabled = True

CERTIFICATE = Path(__file__).with_name("localhost.pem")
USER, PASSWORD = "relance", "correct horse"
DROP = "drop"
SILENCE = "silence"


@dataclass(frozen=True)
class Mail:
    """One accepted mail."""

    sender: str
    recipient: str
    options: tuple[str, ...]
    content: bytes
    connection: int


@dataclass
class Relay:
    """What the connections share. A fault is a reply, `DROP` or `SILENCE`; it happens once."""

    pipelining: bool = True
    smtputf8: bool = False
    dsn: bool = False
    starttls: bool = False
    tls: bool = False
    auth: bool = False
    certificate: Path = CERTIFICATE
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    mails: list[Mail] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    most_open: int = 0
    port: int = 0
    pause: float = 0.0
    transports: list[asyncio.Transport] = field(default_factory=list)

    async def start(self) -> asyncio.Server:
        """Listen on a free port."""
        loop = asyncio.get_running_loop()
        context = server_context(self.certificate) if self.tls else None
        server = await loop.create_server(lambda: Conversation(self, loop), "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def hang_up(self, last_words: bytes = b"") -> None:
        """Close every open connection from the relay's side."""
        for transport in self.transports:
            transport.write(last_words)
            transport.close()


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


class Conversation(SMTP):
    """One connection."""

    line_length_limit = 100_000

    def __init__(self, relay: Relay, loop: asyncio.AbstractEventLoop) -> None:
        self.relay = relay
        super().__init__(
            self,
            hostname="relay.example",
            enable_SMTPUTF8=relay.smtputf8,
            tls_context=server_context(relay.certificate) if relay.starttls else None,
            auth_require_tls=False,
            authenticator=_authenticate,
            data_size_limit=None,
            loop=loop,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # STARTTLS announces the same connection a second time.
        if self.transport is None:
            self.relay.connections += 1
            self.relay.open += 1
            self.relay.most_open = max(self.relay.most_open, self.relay.open)
            self.relay.transports.append(cast("asyncio.Transport", transport))
            self.number = self.relay.connections
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.relay.open -= 1
        super().connection_lost(error)

    async def _handle_client(self) -> None:
        await self._unless_fault("connect", super()._handle_client)

    async def fault(self, stage: str) -> str | None:
        self.relay.commands.append(stage)
        if not self.relay.faults[stage]:
            return None
        fault = self.relay.faults[stage].pop(0)
        if fault == SILENCE:
            await asyncio.sleep(3600)
        if fault == DROP:
            await self.disappear()
        return fault

    async def disappear(self) -> None:
        cast("asyncio.Transport", self.transport).abort()
        await asyncio.sleep(3600)

    async def push(self, status: str | bytes) -> None:
        text = status if isinstance(status, str) else status.decode()
        if text == "250 HELP":
            text = "".join(
                f"250-{name}\r\n"
                for name, offered in (("PIPELINING", self.relay.pipelining), ("DSN", self.relay.dsn))
                if offered
            )
            text += "250 HELP"
        await super().push(text)
        if text.startswith("421"):
            cast("asyncio.Transport", self.transport).close()

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        await self._unless_fault("ehlo", super().smtp_EHLO, hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802
        await self._unless_fault("starttls", super().smtp_STARTTLS, arg)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        await self._unless_fault("auth", super().smtp_AUTH, arg)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        await self._unless_fault("mail", super().smtp_MAIL, self._plain(arg))

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        await self._unless_fault("rcpt", super().smtp_RCPT, self._plain(arg))

    async def smtp_RSET(self, arg: str | None) -> None:  # noqa: N802
        await self._unless_fault("rset", super().smtp_RSET, arg)

    async def smtp_QUIT(self, arg: str) -> None:  # noqa: N802
        await self._unless_fault("quit", super().smtp_QUIT, arg)

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        if self.relay.faults["body"]:
            self.relay.faults["body"].pop()
            await self.push("354 go on")
            await self._reader.readline()
            await self.disappear()
        await self._unless_fault("data", super().smtp_DATA, arg)

    async def _unless_fault(self, stage: str, command: Callable[..., Awaitable[None]], *args: Any) -> None:
        reply = await self.fault(stage)
        await (self.push(reply) if reply else command(*args))

    def _plain(self, arg: str | None) -> str | None:
        """Take the parameters of RFC 3461, which aiosmtpd does not know, out of a command."""
        words = (arg or "").split(" ")
        known = [word for word in words if not word.startswith(("RET=", "ENVID=", "NOTIFY="))]
        self.relay.commands += [word for word in words if word not in known]
        return " ".join(known)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.relay.pause)
        reply = await self.fault("dot")
        if reply is None:
            self._keep(envelope)
        return reply or "250 kept"

    def _keep(self, envelope: Envelope) -> None:
        self.relay.mails.append(
            Mail(
                sender=envelope.mail_from or "",
                recipient=envelope.rcpt_tos[0],
                options=tuple(envelope.mail_options),
                content=cast("bytes", envelope.original_content),
                connection=self.number,
            )
        )


def _authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    right = data.login == USER.encode() and data.password == PASSWORD.encode()
    return AuthResult(success=right, handled=False)
