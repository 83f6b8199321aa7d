"""Whether the gateway answers where the links in messages lead."""

from __future__ import annotations

import httpx

from relance.errors import DependencyUnavailable
from relance.settings import Settings

NAME = "gateway"
TIMEOUT = 10.0
NOWHERE = "/attachments/none"


async def greet_gateway(settings: Settings) -> None:
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
