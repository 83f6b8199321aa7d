"""What the gateway's pages are called from outside."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from relance.errors import DependencyUnavailable
from relance.settings import Settings
from relance.settings.gateway import Gateway


def attachment_addresses(gateway: Gateway, sign: Callable[[str, str], str]) -> Callable[[str, str], str | None]:
    """Return the function from a message's key and a file name to its link; None without a public address."""

    def address(key: str, filename: str) -> str | None:
        return f"{gateway.public_url}/attachments/{sign(key, filename)}" if gateway.public_url else None

    return address


NAME = "gateway"
TIMEOUT = 10.0
NOWHERE = "/attachments/none"


async def check_gateway(settings: Settings) -> None:
    """Ask the gateway's public address for a file that does not exist; any answer of its own will do.

    Raises:
        DependencyUnavailable: none came.
    """
    async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as http:
        try:
            answer = await http.get(f"{settings.gateway.public_url}{NOWHERE}")
        except httpx.HTTPError as error:
            raise DependencyUnavailable(NAME, f"no answer ({type(error).__name__})") from None
    if answer.status_code >= 500:
        raise DependencyUnavailable(NAME, f"it answered {answer.status_code}")
