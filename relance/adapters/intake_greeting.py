"""Whether the listener of the mail intake greets."""

from __future__ import annotations

import asyncio

from relance.errors import DependencyUnavailable

NAME = "mail intake"
TIMEOUT = 5.0
LONGEST = 512


async def greet_intake(host: str, port: int) -> str:
    """Connect, and return the greeting without its code.

    Raises:
        DependencyUnavailable: nothing listens there, or what does is no mail server.
    """
    try:
        async with asyncio.timeout(TIMEOUT):
            reader, writer = await asyncio.open_connection(host, port, limit=LONGEST)
            try:
                line = (await reader.readline()).decode("ascii", "replace").strip()
                writer.write(b"QUIT\r\n")
                await writer.drain()
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError) as error:
        raise DependencyUnavailable(NAME, f"{host}:{port} does not greet ({type(error).__name__})") from None
    if not line.startswith("220"):
        raise DependencyUnavailable(NAME, f"{host}:{port} does not greet as a mail server")
    return line[4:]
