"""One conversation with the relay: mail after mail, each ending accepted, refused, not sent, or uncertain."""

from __future__ import annotations

from dataclasses import dataclass

from relance.adapters.smtp.protocol import Dialogue, RelayLostError, Reply
from relance.errors import DependencyUnavailable, MailRefused, MailUncertain

QUIT_TIMEOUT = 5.0
CLOSING = 421


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who a mail is from and to at the SMTP level; `reference` comes back in delivery reports (RFC 3461 ENVID)."""

    sender: str
    recipient: str
    reference: str


class Session:
    """An open connection, used by one mail at a time."""

    def __init__(
        self, dialogue: Dialogue, extensions: frozenset[str], *, command_timeout: float, data_timeout: float
    ) -> None:
        self._dialogue = dialogue
        self._extensions = extensions
        self._command_timeout = command_timeout
        self._data_timeout = data_timeout
        self._answered = False
        self.handled = 0

    @property
    def lost(self) -> bool:
        """Whether the connection is gone."""
        return self._dialogue.lost

    @property
    def was_stale(self) -> bool:
        """Whether the relay had closed this used connection before it saw anything of the latest mail."""
        return self.handled > 1 and self._dialogue.hung_up and not self._answered

    async def deliver(self, envelope: Envelope, message: bytes) -> None:
        """Hand one mail over; `message` has CRLF line ends.

        Raises:
            MailRefused: 4xx or 5xx; the session stays usable unless it was 421.
            MailUncertain: the data was written and no reply came.
            DependencyUnavailable: the connection was lost before the end of the data had left.
        """
        self.handled += 1
        self._answered = False
        try:
            await self._announce(envelope)
            await self._hand_over(message)
        except MailRefused as refusal:
            await self._start_over(refusal)
            raise
        except BaseException:
            # Also when it is cancelled: what the relay says next would be taken for the reply to another mail.
            self._dialogue.abort()
            raise

    async def _announce(self, envelope: Envelope) -> None:
        stages = (*self._addresses(envelope), ("data", b"DATA\r\n"))
        pipelined = "pipelining" in self._extensions
        refusal: MailRefused | None = None
        if pipelined:
            self._write(b"".join(command for _, command in stages), len(stages), "mail")
        for stage, command in stages:
            if not pipelined:
                self._write(command, 1, stage)
            try:
                reply = await self._command_reply(stage)
            except DependencyUnavailable as lost:
                raise refusal or lost from None
            if reply.category == (3 if stage == "data" else 2):
                continue
            refusal = refusal or _refusal(reply, stage)
            if not pipelined or reply.code == CLOSING:
                raise refusal
        if refusal is not None:
            if reply.category == 3:
                # The relay now waits for a mail without recipients; only breaking off surely sends nothing.
                self._dialogue.abort()
            raise refusal

    def _addresses(self, envelope: Envelope) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
        mail = f"MAIL FROM:<{envelope.sender}>"
        rcpt = f"RCPT TO:<{envelope.recipient}>"
        if not envelope.recipient.isascii():
            if "smtputf8" not in self._extensions:
                raise MailRefused(553, "5.6.7 SMTPUTF8 is not offered by the relay", "rcpt")
            mail += " BODY=8BITMIME SMTPUTF8"
        if "dsn" in self._extensions:
            mail += f" RET=HDRS ENVID={envelope.reference}"
            rcpt += " NOTIFY=FAILURE,DELAY"
        return ("mail", f"{mail}\r\n".encode()), ("rcpt", f"{rcpt}\r\n".encode())

    async def _hand_over(self, message: bytes) -> None:
        self._write(transparent(message), 1, "data")
        try:
            reply = await self._dialogue.reply(self._data_timeout)
        except RelayLostError:
            if self._dialogue.unsent:
                raise DependencyUnavailable("relay", "the connection was lost before the end of the data") from None
            raise MailUncertain("no reply to the data") from None
        if reply.category in {4, 5}:
            raise MailRefused(reply.code, reply.text, "data")
        if reply.category != 2:
            raise MailUncertain(f"the reply to the data was {reply.code}")

    async def _start_over(self, refusal: MailRefused) -> None:
        if refusal.code == CLOSING:
            self._dialogue.abort()
        if self.lost:
            return
        try:
            self._dialogue.write(b"RSET\r\n")
            if (await self._dialogue.reply(self._command_timeout)).category != 2:
                self._dialogue.abort()
        except RelayLostError:
            return
        except BaseException:
            # As above.
            self._dialogue.abort()
            raise

    async def noop(self) -> None:
        """Ask for an answer that means nothing but that somebody is there.

        Raises:
            MailRefused: it answers something else.
            DependencyUnavailable: no answer.
        """
        self._write(b"NOOP\r\n", 1, "noop")
        reply = await self._command_reply("noop")
        if reply.category != 2:
            raise _refusal(reply, "noop")

    async def quit(self) -> None:
        """Take leave and close; a relay that does not answer is not waited for."""
        try:
            self._dialogue.write(b"QUIT\r\n")
            await self._dialogue.reply(QUIT_TIMEOUT)
        except RelayLostError:
            return
        finally:
            self._dialogue.close()

    def _write(self, data: bytes, replies: int, stage: str) -> None:
        try:
            self._dialogue.write(data, replies=replies)
        except RelayLostError:
            raise _lost(stage) from None

    async def _command_reply(self, stage: str) -> Reply:
        try:
            reply = await self._dialogue.reply(self._command_timeout)
        except RelayLostError:
            raise _lost(stage) from None
        self._answered = True
        return reply


def transparent(message: bytes) -> bytes:
    """Return a message of CRLF lines as it travels after DATA: dots doubled, the final dot added (RFC 5321 4.5.2)."""
    if message.startswith(b"."):
        message = b"." + message
    end = b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n"
    return message.replace(b"\r\n.", b"\r\n..") + end


def _refusal(reply: Reply, stage: str) -> MailRefused:
    if reply.category not in {4, 5}:
        raise DependencyUnavailable("relay", f"it answered {reply.code} at {stage}")
    return MailRefused(reply.code, reply.text, stage)


def _lost(stage: str) -> DependencyUnavailable:
    return DependencyUnavailable("relay", f"the connection was lost at {stage}")
