"""The wire: commands out, replies in.

aiosmtplib connects, secures and authenticates; then this protocol takes over its transport. It keeps replies in order,
so that commands can be pipelined (RFC 2920), and it knows whether everything written has left this process, which
tells a mail that was certainly not sent from one whose fate is unknown (SPEC X4).
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from typing import NamedTuple

LONGEST_REPLY = 64 * 1024
_LINE = re.compile(rb"^([2-5]\d\d)(?:([ -])(.*))?$")


class Reply(NamedTuple):
    """A relay's answer; a text of several lines is joined by newlines."""

    code: int
    text: str

    @property
    def category(self) -> int:
        """The first digit: 2 done, 3 go on, 4 not now, 5 never."""
        return self.code // 100


class RelayLostError(Exception):
    """The connection is gone, or no longer in step."""


class Dialogue(asyncio.Protocol):
    """One open connection after its handshake.

    `lost`: nothing more can be said. `hung_up`: because the relay closed it. `unsent`: when it was lost, part of what
    had been written was still in this process, where it stays.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._buffer = b""
        self._lines: list[str] = []
        self._replies: deque[Reply] = deque()
        self._expected = 0
        self._waiter: asyncio.Future[None] | None = None
        self.lost = transport.is_closing()
        self.hung_up = False
        self.unsent = False
        transport.set_protocol(self)
        # With no buffering allowed, `pause_writing` means: some of it is still in this process.
        transport.set_write_buffer_limits(high=0)

    def write(self, data: bytes, *, replies: int = 1) -> None:
        """Write commands or data that will be answered by so many replies."""
        if self.lost:
            raise RelayLostError
        self._expected += replies
        self._transport.write(data)

    async def reply(self, patience: float) -> Reply:
        """Return the next reply; a connection that stays silent for so many seconds is given up."""
        if not self._replies:
            if self.lost:
                raise RelayLostError
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            # Twice a mail: `asyncio.timeout` costs more than twice as much.
            silence = loop.call_later(patience, self._fall_silent)
            try:
                await self._waiter
            finally:
                silence.cancel()
                self._waiter = None
        return self._replies.popleft()

    def abort(self) -> None:
        """Close at once; what is still unsent never leaves."""
        self._give_up()
        self._transport.abort()

    def close(self) -> None:
        """Close after what was written has left."""
        self._give_up()
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Take in replies, whole or in pieces."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > LONGEST_REPLY or len(self._lines) > 1000:
            self.abort()
            return
        for line in lines:
            self._line(line.rstrip(b"\r"))
        if self._replies and self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _line(self, line: bytes) -> None:
        found = _LINE.match(line)
        # What nobody asked for is a relay saying good-bye (421) or out of step: either way this connection is over.
        if found is None or not self._expected:
            self.abort()
            return
        self._lines.append((found[3] or b"").decode("utf-8", "replace"))
        if found[2] != b"-":
            self._replies.append(Reply(int(found[1]), "\n".join(self._lines)))
            self._lines = []
            self._expected -= 1

    def pause_writing(self) -> None:
        """Note that something written is still here."""
        self.unsent = True

    def resume_writing(self) -> None:
        """Note that all that was written has left."""
        # The transport also "resumes" when it is thrown away with its buffer.
        if not self.lost:
            self.unsent = False

    def eof_received(self) -> bool:
        """Close when the relay does."""
        self.hung_up = True
        self._give_up()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake the task that waits for a reply."""
        self.hung_up = self.hung_up or not self.lost
        self._give_up()

    def _fall_silent(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self.abort()

    def _give_up(self) -> None:
        self.lost = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(RelayLostError())
