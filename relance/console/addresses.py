"""What the console's pages are called from outside; imports nothing heavy, because commands print addresses."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from relance.settings import Settings

ROOT: Final = "/console"
SIGN_IN: Final = f"{ROOT}/sign-in"
TOKEN: Final = f"{SIGN_IN}/token"
LINK_FOR: Final = timedelta(minutes=10)


def console_address(settings: Settings) -> str | None:
    """Return where the console is; None if there is none, or nothing serves it."""
    gateway = settings.gateway
    if not settings.console.is_on or gateway.port is None:
        return None
    host = f"[{gateway.host}]" if ":" in gateway.host else gateway.host
    return f"{gateway.public_url or f'http://{host}:{gateway.port}'}{ROOT}"


def sign_in_link(address: str, secret: str) -> str:
    """Return a sign-in link to a console."""
    return f"{address.removesuffix(ROOT)}{TOKEN}/{secret}"
