"""Bodies of requests: small, complete and in time, or refused."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

BODY_S = 10.0
"""Seconds for a whole body."""


async def body_of(request: Request, most: int, *, seconds: float = BODY_S) -> bytes:
    """Return the body of a request, at most so many bytes, within so many seconds.

    Raises:
        HTTPException: 413 if it is longer, 408 if it does not come in time or the client goes away.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise HTTPException(413)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise HTTPException(413)
    except (TimeoutError, ClientDisconnect):
        raise HTTPException(408, headers={"Connection": "close"}) from None
    return bytes(body)


def json_parts(body: bytes) -> int:
    """Return how many objects, lists and values a JSON text has at most; looked at before it is read.

    One of these characters stands before each but the first. An object takes far more than the three octets of `{},`.
    """
    return sum(map(body.count, (b"{", b"[", b",")))
