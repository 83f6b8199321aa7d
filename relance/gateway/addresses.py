"""What the gateway's pages are called from outside."""

from __future__ import annotations

from collections.abc import Callable

from relance.settings.gateway import Gateway


def attachment_addresses(gateway: Gateway, sign: Callable[[str, str], str]) -> Callable[[str, str], str | None]:
    """Return the function from a message's key and a file name to its link; None without a public address."""

    def address(key: str, filename: str) -> str | None:
        return f"{gateway.public_url}/attachments/{sign(key, filename)}" if gateway.public_url else None

    return address
