"""The live data of one page for all its viewers: loaded once per change, rendered once per audience."""

from __future__ import annotations

import asyncio
import hashlib
import json
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

AGAIN_S = 2.0
"""After which a region is loaded again that lacks what a server did not say."""
REST_S = 0.25
"""Between two loads of the same region: people see no more, and a cycle makes thousands of changes a second."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RegionFragment:
    """A region as it is now, as `data` of an event; `digest` says whether a viewer has it already."""

    region: str
    data: str
    digest: str

    @classmethod
    def of(cls, region: str, html: str) -> RegionFragment:
        """Return a region's HTML, written down once for all viewers."""
        data = json.dumps({"region": region, "html": html}, ensure_ascii=False)
        return cls(region, data, hashlib.blake2b(html.encode(), digest_size=8).hexdigest())


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
            if await self._load(region) and self._render_anew(region):
                async with self._news:
                    self._news.notify_all()
            await asyncio.sleep(REST_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(wanted.wait(), self._every(region))

    def _every(self, region: Region) -> float | None:
        if not self._data.get(region.name, {}).get("away"):
            return region.every
        return min(region.every or AGAIN_S, AGAIN_S)

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
            if region.name not in fragments:
                self._render(region, audience)
        return list(fragments.values())

    def _render_anew(self, region: Region) -> bool:
        """Render what was loaded for each audience; return whether anybody sees something else now."""
        is_other = False
        for audience, fragments in self._fragments.items():
            before = fragments.get(region.name)
            self._render(region, audience)
            is_other = is_other or fragments.get(region.name) != before
        return is_other

    def _render(self, region: Region, audience: Audience) -> None:
        if region.name not in self._data:
            return
        try:
            html = html_of(region, self._data[region.name], audience, self._needs.clock.now())
        except Exception:
            logger.exception("a region of the console cannot be rendered: %s", region.name)
            del self._data[region.name]
        else:
            self._fragments[audience][region.name] = RegionFragment.of(region.name, html)
