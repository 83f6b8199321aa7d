"""aiosmtpd's LMTP and SMTP with what a listener in production needs beside it.

aiosmtpd bounds the size of a message and the silence of a connection. Added here: how many connections there are, how
long one may last, an answer to each LMTP recipient also where the whole message is refused, and long lines, which junk
in a returned mail has and which must not make the mail server drop a report. It logs addresses, so its logger is
turned down.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP

LONGEST_LINE = 256 * 1024
_BUSY = b"421 4.3.2 too many connections, try again later\r\n"


class ConnectionRoom:
    """The connections of one listener."""

    def __init__(self, most: int, lasting: float) -> None:
        self._most = most
        self.lasting = lasting
        self.open: set[asyncio.BaseTransport] = set()

    def admit(self, transport: asyncio.BaseTransport) -> bool:
        """Take a connection in, if there is room."""
        if len(self.open) >= self._most:
            return False
        self.open.add(transport)
        return True


class _Bounded(SMTP):
    """What both protocols share."""

    line_length_limit = LONGEST_LINE

    def __init__(self, handler: Any, room: ConnectionRoom, **options: Any) -> None:
        self._room = room
        self._refused = False
        self._ending: asyncio.TimerHandle | None = None
        self._answers = 1
        self.in_hand = False
        self._unended = 0
        super().__init__(handler, **options)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many."""
        if not self._room.admit(transport):
            self._refused = True
            self.event_handler.refused("connections")
            if isinstance(transport, asyncio.WriteTransport):
                transport.write(_BUSY)
            transport.close()
            return
        self._ending = self.loop.call_later(self._room.lasting, transport.close)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Read on, unless refused: a message under way restarts the idle timer; too long a line ends the connection."""
        if self._refused:
            return
        if self.in_hand:
            self._reset_timeout()
            _, ended, rest = data.rpartition(b"\r\n")
            self._unended = len(rest) + (0 if ended else self._unended)
            # aiosmtpd drops a message that is too large, but keeps a line until it ends.
            transport = self.transport
            if self._unended > (self.data_size_limit or LONGEST_LINE) and isinstance(transport, asyncio.WriteTransport):
                transport.abort()
                return
        super().data_received(data)

    def eof_received(self) -> bool | None:
        """End, if it has begun."""
        return None if self._refused else super().eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        """Give the place back."""
        if self._refused:
            return
        if self._ending is not None:
            self._ending.cancel()
        self._room.open.discard(self.transport)
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - as aiosmtpd finds its commands
        """Take a message."""
        self.in_hand, self._unended = True, 0
        try:
            await super().smtp_DATA(arg)
        finally:
            self.in_hand = False


class BoundedSmtp(_Bounded):
    """SMTP: one answer to a message."""


class BoundedLmtp(_Bounded, LMTP):
    """LMTP: an answer to each recipient of a message, in order (RFC 2033 section 4.2)."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - as above
        """Take a message; what refuses it as a whole refuses it for each recipient."""
        self._answers = max(1, len(self.envelope.rcpt_tos)) if self.envelope is not None else 1
        try:
            await super().smtp_DATA(arg)
        finally:
            self._answers = 1

    async def push(self, status: Any) -> None:
        """Write an answer, once for each recipient while a message is taken."""
        if self._answers > 1 and isinstance(status, str) and status[:3] not in {"354", "503", "501"}:
            status = "\r\n".join([status] * self._answers)
        await super().push(status)


def quiet_library() -> None:
    """Let aiosmtpd log nothing that holds an address."""
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
