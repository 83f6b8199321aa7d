from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_UPDATE = b"\x02update\x00"


class LossyProxy:
    """Stands between driver and server; loses the replies to, or the requests of, the next update commands."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.replies_to_lose = 0
        self.requests_to_lose = 0
        self.uri = ""
        self._ways: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._port)
        doomed = asyncio.Event()
        ways = {
            asyncio.create_task(self._requests(reader, server_writer, doomed)),
            asyncio.create_task(self._replies(server_reader, writer, doomed)),
        }
        self._ways |= ways
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        for one in (writer, server_writer):
            one.close()

    async def close(self) -> None:
        """End every connection."""
        for way in self._ways:
            way.cancel()
        await asyncio.gather(*self._ways, return_exceptions=True)

    async def _requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event
    ) -> None:
        while chunk := await reader.read(1 << 20):
            if _UPDATE in chunk and self.requests_to_lose:
                self.requests_to_lose -= 1
                return
            if _UPDATE in chunk and self.replies_to_lose:
                self.replies_to_lose -= 1
                doomed.set()
            writer.write(chunk)
            await writer.drain()

    async def _replies(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event) -> None:
        # A reply only comes after the command was carried out.
        while (chunk := await reader.read(1 << 20)) and not doomed.is_set():
            writer.write(chunk)
            await writer.drain()


@asynccontextmanager
async def lossy_proxy(mongo_uri: str) -> AsyncIterator[LossyProxy]:
    """Stand before the server of this connection string."""
    proxy = LossyProxy(int(mongo_uri.split("/")[2].rpartition(":")[2]))
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.uri = f"mongodb://127.0.0.1:{server.sockets[0].getsockname()[1]}/?directConnection=true"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
