"""The listener's server, within the loop of a worker (SPEC G3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from relance.gateway.intake.handler import IntakeHandler
from relance.gateway.intake.protocol import BoundedLmtp, BoundedSmtp, ConnectionRoom, quiet_library
from relance.gateway.server import listening_socket
from relance.settings.intake import Intake, ListenerProtocol

IDENT = "relance"
HOSTNAME = "relance"
DRAIN_S = 5.0


@asynccontextmanager
async def serving_intake(intake: Intake, handler: IntakeHandler) -> AsyncIterator[None]:
    """Take mail for as long as the context lasts; nothing if the settings name no port.

    At its end messages in hand are finished for some seconds; of one that is cut off the mail server hears no 2xx, and
    hands it in again.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    if intake.port is None:
        yield
        return
    quiet_library()
    loop = asyncio.get_running_loop()
    room = ConnectionRoom(intake.max_connections, intake.connection_timeout)
    protocol = BoundedLmtp if intake.protocol is ListenerProtocol.LMTP else BoundedSmtp

    def connected() -> BoundedLmtp | BoundedSmtp:
        return protocol(
            handler,
            room,
            data_size_limit=intake.max_bytes,
            enable_SMTPUTF8=True,
            hostname=HOSTNAME,
            ident=IDENT,
            timeout=intake.idle_timeout,
            loop=loop,
        )

    server = await loop.create_server(
        connected, sock=listening_socket(intake.host, intake.port, "RELANCE_INTAKE__PORT")
    )
    try:
        yield
    finally:
        server.close()
        await _drain(room)


async def _drain(room: ConnectionRoom) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + DRAIN_S
    while any(_is_busy(session) for session in room.open) and loop.time() < until:  # noqa: ASYNC110 - aiosmtpd has no event
        await asyncio.sleep(0.05)
    for transport in tuple(room.open):
        transport.close()


def _is_busy(transport: asyncio.BaseTransport) -> bool:
    protocol = transport.get_protocol() if isinstance(transport, asyncio.Transport) else None
    return isinstance(protocol, BoundedLmtp | BoundedSmtp) and protocol.in_hand
