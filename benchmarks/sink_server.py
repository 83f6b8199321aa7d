"""A sink for machines without Postfix: just enough SMTP, keeps nothing. `python -m benchmarks.sink_server PORT`."""

from __future__ import annotations

import asyncio
import sys

from relance.devstack.processes import HOST

END_OF_DATA = b"\r\n.\r\n"
GREETING = b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SMTPUTF8\r\n"
REPLIES = {b"EHLO": GREETING, b"DATA": b"354 go on\r\n", b"QUIT": b"221 2.0.0 bye\r\n"}
OK = b"250 2.0.0 ok\r\n"


class Conversation(asyncio.Protocol):
    """One connection; answers all it has got at once, as pipelining wants it."""

    def __init__(self) -> None:
        self._buffer = b""
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answers = bytearray()
        while (answer := self._next()) is not None:
            answers += answer
        self._transport.write(bytes(answers))

    def _next(self) -> bytes | None:
        ending = END_OF_DATA if self._in_data else b"\r\n"
        unit, found, rest = self._buffer.partition(ending)
        if not found:
            return None
        self._buffer = rest
        if self._in_data:
            self._in_data = False
            return OK
        verb = unit[:4].upper()
        self._in_data = verb == b"DATA"
        return REPLIES.get(verb, OK)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Conversation, HOST, port, backlog=1000)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
