"""The watcher of a process: listens to the database while somebody looks, and tells the feeds of the open pages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, TypeAlias

from relance.console.live.feed import Feed
from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import ConsolePage, Params
from relance.console.rendering import Audience
from relance.ports.console import Changes

Key: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]

logger = logging.getLogger(__name__)


class Hub:
    """Feeds by page and parameters; a feed runs while it has viewers, and the watcher while there is a feed."""

    def __init__(self, needs: ConsoleNeeds, changes: Changes, most: int) -> None:
        self.needs = needs
        self._changes = changes
        self._most = most
        self._feeds: dict[Key, tuple[Feed, asyncio.Task[None]]] = {}
        self._watching: asyncio.Task[None] | None = None
        self.closed = False

    @property
    def viewers(self) -> int:
        """How many pages are open."""
        return sum(feed.viewers for feed, _ in self._feeds.values())

    @property
    def full(self) -> bool:
        """Whether no further page can be kept up to date."""
        return self.closed or self.viewers >= self._most

    def now(self) -> datetime:
        """Return the instant by which sessions end."""
        return self.needs.clock.now()

    @asynccontextmanager
    async def watching(self, page: ConsolePage, params: Params, audience: Audience) -> AsyncIterator[Feed]:
        """Yield the feed of a page, which is kept up to date while the block runs."""
        key = (page.name, tuple(sorted(params.items())))
        if key not in self._feeds:
            feed = Feed(page, params, self.needs)
            self._feeds[key] = (feed, asyncio.create_task(feed.run(), name=f"console {page.name}"))
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch(), name="console changes")
        feed, running = self._feeds[key]
        try:
            with feed.watched_by(audience):
                yield feed
        finally:
            if not feed.viewers and self._feeds.get(key, (None,))[0] is feed:
                del self._feeds[key]
                await _ended(running)
            if not self._feeds and self._watching is not None:
                watching, self._watching = self._watching, None
                await _ended(watching)

    async def close(self) -> None:
        """Let every viewer go; browsers come back by themselves, to a process that serves."""
        self.closed = True
        await asyncio.gather(*(feed.end() for feed, _ in self._feeds.values()))

    async def _watch(self) -> None:
        async for topics in self._changes.watch():
            for feed, _ in list(self._feeds.values()):
                feed.changed(topics)


async def _ended(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
