"""What a browser listens to: the regions of its page as server-sent events (WHATWG HTML 9.2)."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator

from relance.console.live.feed import RegionFragment
from relance.console.live.hub import Hub
from relance.console.pages.model import ConsolePage, Params
from relance.console.rendering import CSRF_PLACE, Audience
from relance.ports.console import ConsoleSession

HEARTBEAT_S = 15.0
AGAIN_MS = 1_000
"""After which a browser that lost the connection comes back."""


async def events(
    hub: Hub, page: ConsolePage, params: Params, *, audience: Audience, session: ConsoleSession, last: str
) -> AsyncGenerator[bytes, None]:
    """Yield the events of a page until the session ends or the process does; `last` is the id a browser has seen."""
    known = _known(last)
    yield f"retry: {AGAIN_MS}\n\n".encode()
    async with hub.watching(page, params, audience) as feed:
        while not hub.closed and session.expires_at > hub.now():
            is_silent = True
            async for fragment in feed.news(audience, known, HEARTBEAT_S):
                is_silent = False
                yield _event(fragment, known, session)
            if is_silent:
                yield b": still there\n\n"


def _event(fragment: RegionFragment, known: dict[str, str], session: ConsoleSession) -> bytes:
    html = fragment.html.replace(CSRF_PLACE, session.csrf)
    data = json.dumps({"region": fragment.region, "html": html}, ensure_ascii=False)
    seen = ",".join(f"{region}={digest}" for region, digest in sorted(known.items()))
    return f"id: {seen}\ndata: {data}\n\n".encode()


def _known(last: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in last[:2000].split(",") if "=" in part)
    return {region: digest for region, _, digest in pairs}
