"""A conversation with the listener, byte by byte: the library for the other side knows no LMTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.support.patience import PATIENCE_S


class Conversation:
    """One connection; every wait has a limit."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def line(self) -> str:
        """Return the next line, empty if the connection has ended."""
        async with asyncio.timeout(PATIENCE_S):
            return (await self._reader.readline()).decode().rstrip("\r\n")

    async def reply(self) -> str:
        """Return the last line of the next reply."""
        while (line := await self.line())[3:4] == "-":
            pass
        return line

    async def say(self, text: str) -> str:
        """Send a command and return the reply."""
        await self.write(text.encode() + b"\r\n")
        return await self.reply()

    async def write(self, raw: bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(raw)
        async with asyncio.timeout(PATIENCE_S):
            await self._writer.drain()

    async def deliver(self, raw: bytes, recipients: Sequence[str], sender: str = "<>") -> list[str]:
        """Hand a message in and return the answers, of LMTP one per recipient that was taken."""
        assert (await self.say(f"MAIL FROM:{sender}")).startswith("250")
        taken = [one for one in recipients if (await self.say(f"RCPT TO:<{one}>")).startswith("250")]
        assert (await self.say("DATA")).startswith("354")
        await self.write(raw.replace(b"\r\n.", b"\r\n..") + b"\r\n.\r\n")
        return [await self.reply() for _ in taken]


@asynccontextmanager
async def conversation(port: int, hello: str = "LHLO test") -> AsyncIterator[Conversation]:
    """Connect, greet, and end in the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    talk = Conversation(reader, writer)
    try:
        greeting = await talk.reply()
        assert greeting.startswith("220"), greeting
        if hello:
            assert (await talk.say(hello)).startswith("250")
        yield talk
    finally:
        writer.close()
