"""A DNS server of our own on 127.0.0.1, over UDP and TCP: answers from lines like those of a zone file."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

UDP_ROOM = 512


@dataclass
class DnsServer:
    """Its zone, how it misbehaves, and what it was asked: (name, type, transport)."""

    records: list[tuple[str, str, str]] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    all_silent: bool = False
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    address: str = ""

    def load(self, text: str) -> None:
        """Take lines `name TYPE value`; the value is as in a zone file."""
        self.records = [
            (name.lower(), kind, value)
            for name, kind, value in (line.split(None, 2) for line in text.strip().splitlines() if line.strip())
        ]

    def answer(self, raw: bytes, transport: str) -> bytes | None:
        """Return the answer to a question, nothing if it is silent."""
        query = dns.message.from_wire(raw)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind, transport))
        if self.all_silent or name in self.silent:
            return None
        response = dns.message.make_response(query)
        if name in self.failing:
            response.set_rcode(dns.rcode.SERVFAIL)
            return response.to_wire()
        self._fill(response, name, kind)
        wire = response.to_wire()
        if transport == "udp" and len(wire) > UDP_ROOM:
            response = dns.message.make_response(query)
            response.flags |= dns.flags.TC
            wire = response.to_wire()
        return wire

    def _fill(self, response: dns.message.Message, name: str, kind: str) -> None:
        for _ in range(5):
            led = [value for owner, of, value in self.records if owner == name and of == "CNAME"]
            if not led or kind == "CNAME":
                break
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", f"{led[0]}."))
            name = led[0]
        values = [value for owner, of, value in self.records if owner == name and of == kind]
        if values:
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *values))
        elif not any(owner == name or owner.endswith(f".{name}") for owner, _, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if (wire := self._server.answer(data, "udp")) is not None:
            self._transport.sendto(wire, addr)


@asynccontextmanager
async def dns_server(text: str = "") -> AsyncIterator[DnsServer]:
    """Serve a zone."""
    server = DnsServer()
    server.load(text)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        wire = server.answer(await reader.readexactly(length), "tcp")
        if wire is not None:
            writer.write(struct.pack("!H", len(wire)) + wire)
            await writer.drain()
        writer.close()

    tcp = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = tcp.sockets[0].getsockname()[1]
    udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Udp(server), local_addr=("127.0.0.1", port)
    )
    server.address = f"127.0.0.1:{port}"
    try:
        yield server
    finally:
        udp.close()
        tcp.close()
        await tcp.wait_closed()
