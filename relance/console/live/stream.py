"""What a browser listens to: the regions of its page as server-sent events (WHATWG HTML 9.2)."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable

from relance.console.live.feed import RegionFragment
from relance.console.live.hub import Hub
from relance.console.pages.model import ConsolePage, Params
from relance.console.rendering import CSRF_PLACE, Audience
from relance.ports.console import ConsoleSession

HEARTBEAT_S = 5.0
"""Between two signs of life, and between two looks whether the session still holds."""
AGAIN_MS = 1_000
"""After which a browser that lost the connection comes back."""


async def events(
    hub: Hub,
    page: ConsolePage,
    params: Params,
    *,
    audience: Audience,
    session: ConsoleSession,
    holds: Callable[[], Awaitable[bool]],
    last: str,
) -> AsyncGenerator[bytes, None]:
    """Yield the events of a page until the session ends or the process does; `last` is the id a browser has seen.

    `holds` says whether the session is still there as it was: who has signed out hears nothing more.
    """
    known, look_at = _known(last), time.monotonic() + HEARTBEAT_S
    yield f"retry: {AGAIN_MS}\n\n".encode()
    async with hub.watching(page, params, audience) as feed:
        while not hub.closed and session.expires_at > hub.now():
            if time.monotonic() >= look_at:
                if not await holds():
                    return
                look_at = time.monotonic() + HEARTBEAT_S
            is_silent = True
            async for fragment in feed.news(audience, known, HEARTBEAT_S):
                is_silent = False
                yield _event(fragment, known, session)
            if is_silent:
                yield b": still there\n\n"


def _event(fragment: RegionFragment, known: dict[str, str], session: ConsoleSession) -> bytes:
    # A token has no character that JSON writes otherwise.
    data = fragment.data.replace(CSRF_PLACE, session.csrf)
    seen = ",".join(f"{region}={digest}" for region, digest in sorted(known.items()))
    return f"id: {seen}\ndata: {data}\n\n".encode()


def _known(last: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in last[:2000].split(",") if "=" in part)
    return {region: digest for region, _, digest in pairs}
