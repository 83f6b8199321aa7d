"""The live data of one page for all its viewers: loaded once per change, rendered once per audience."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relance.console.live.regions import html_of, loaded
from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import ConsolePage, Params, Region
from relance.console.rendering import Audience
from relance.errors import NotFound
from relance.ports.console import Topic

if TYPE_CHECKING:
    from collections.abc import Iterator

REST_S = 0.25
"""Between two loads of the same region: people see no more, and a cycle makes thousands of changes a second."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RegionFragment:
    """A region as it is now; `digest` says whether a viewer has it already."""

    region: str
    html: str
    digest: str

    @classmethod
    def of(cls, region: str, html: str) -> RegionFragment:
        """Return a region's HTML with its digest."""
        return cls(region, html, hashlib.blake2b(html.encode(), digest_size=8).hexdigest())


class Feed:
    """Keeps the regions of a page fresh while `run` runs; viewers take the newest and never wait for each other.

    There is no queue: a viewer that is slow gets what is newest once it is ready for it. Each region is loaded on its
    own, so that one that waits for a server holds up no other.
    """

    def __init__(self, page: ConsolePage, params: Params, needs: ConsoleNeeds) -> None:
        self._page = page
        self._params = params
        self._needs = needs
        self._audiences: Counter[Audience] = Counter()
        self._data: dict[str, Mapping[str, Any]] = {}
        self._fragments: dict[Audience, dict[str, RegionFragment]] = {}
        self._wanted = {region.name: asyncio.Event() for region in page.regions}
        self._news = asyncio.Condition()
        self._gone = False

    @property
    def viewers(self) -> int:
        """How many people look at it."""
        return self._audiences.total()

    def changed(self, topics: Collection[Topic]) -> None:
        """Take that something has changed: the regions that show it are loaded anew."""
        for region in self._page.regions:
            if not region.topics.isdisjoint(topics):
                self._wanted[region.name].set()

    @contextmanager
    def watched_by(self, audience: Audience) -> Iterator[None]:
        """Count somebody who looks while the block runs."""
        self._audiences[audience] += 1
        try:
            yield
        finally:
            self._audiences[audience] -= 1
            if not self._audiences[audience]:
                del self._audiences[audience]
                self._fragments.pop(audience, None)

    async def news(self, audience: Audience, known: dict[str, str], within: float) -> AsyncIterator[RegionFragment]:
        """Yield the regions whose digests differ from the known ones, and note them there; nothing if none does."""
        async with self._news:
            try:
                await asyncio.wait_for(
                    self._news.wait_for(lambda: self._gone or self._differing(audience, known)), within
                )
            except TimeoutError:
                return
            differing = self._differing(audience, known)
        for fragment in differing:
            known[fragment.region] = fragment.digest
            yield fragment

    async def run(self) -> None:
        """Load what has changed, until cancelled."""
        await asyncio.gather(*(self._keep(region) for region in self._page.regions))

    async def end(self) -> None:
        """Let every viewer go."""
        self._gone = True
        async with self._news:
            self._news.notify_all()

    async def _keep(self, region: Region) -> None:
        wanted = self._wanted[region.name]
        while True:
            wanted.clear()
            if await self._load(region):
                # Rendered by whoever sees it first, once per audience.
                for fragments in self._fragments.values():
                    fragments.pop(region.name, None)
                async with self._news:
                    self._news.notify_all()
            await asyncio.sleep(REST_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(wanted.wait(), region.every)

    async def _load(self, region: Region) -> bool:
        try:
            data = await loaded(region, self._needs, self._params)
        except NotFound:
            # It was there when the page was opened; a reload says that it is gone.
            return False
        except Exception:
            logger.exception("a region of the console cannot be loaded: %s", region.name)
            return False
        self._data[region.name] = data
        return True

    def _differing(self, audience: Audience, known: Mapping[str, str]) -> list[RegionFragment]:
        return [fragment for fragment in self._rendered(audience) if known.get(fragment.region) != fragment.digest]

    def _rendered(self, audience: Audience) -> list[RegionFragment]:
        fragments = self._fragments.setdefault(audience, {})
        for region in self._page.regions:
            if region.name in self._data and region.name not in fragments:
                try:
                    html = html_of(region, self._data[region.name], audience, self._needs.clock.now())
                except Exception:
                    logger.exception("a region of the console cannot be rendered: %s", region.name)
                    del self._data[region.name]
                else:
                    fragments[region.name] = RegionFragment.of(region.name, html)
        return list(fragments.values())
