"""Small things of Amazon SNS, fetched from addresses that `sns.is_of_amazon` has checked."""

from __future__ import annotations

import httpx

from relance.errors import DependencyUnavailable

TIMEOUT = 5.0
MOST_BYTES = 64 * 1024


async def fetch_small(address: str) -> bytes:
    """Return what an address holds, without following it elsewhere.

    Raises:
        DependencyUnavailable: no answer in time, another one than 200, or a large one.
    """
    async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as http:
        try:
            async with http.stream("GET", address) as answer:
                if answer.status_code != 200:
                    raise DependencyUnavailable("Amazon SNS", f"it answered {answer.status_code}")
                body = b""
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise DependencyUnavailable("Amazon SNS", "its answer is too large")
        except httpx.HTTPError as error:
            raise DependencyUnavailable("Amazon SNS", f"no answer ({type(error).__name__})") from None
    return body
