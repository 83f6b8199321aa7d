"""One page as everybody sees it who looks at it: loaded once per change, rendered once per audience."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
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

    There is no queue: a viewer that is slow gets what is newest once it is ready for it.
    """

    def __init__(self, page: ConsolePage, params: Params, needs: ConsoleNeeds) -> None:
        self._page = page
        self._params = params
        self._needs = needs
        self._audiences: Counter[Audience] = Counter()
        self._data: dict[str, Mapping[str, Any]] = {}
        self._fragments: dict[Audience, dict[str, RegionFragment]] = {}
        self._loaded_at: dict[str, float] = {}
        self._wanted: set[str] = {region.name for region in page.regions}
        self._wake = asyncio.Event()
        self._news = asyncio.Condition()
        self._gone = False

    @property
    def viewers(self) -> int:
        """How many people look at it."""
        return self._audiences.total()

    def changed(self, topics: Collection[Topic]) -> None:
        """Take that something has changed: the regions that show it are loaded anew."""
        shown = {region.name for region in self._page.regions if not region.topics.isdisjoint(topics)}
        if shown:
            self._wanted |= shown
            self._wake.set()

    @contextmanager
    def watched_by(self, audience: Audience) -> Iterator[None]:
        """Count somebody who looks while the block runs."""
        self._audiences[audience] += 1
        self._wake.set()
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
        """Load what has changed and render it for those who look, until cancelled."""
        while True:
            self._wake.clear()
            due, rest = self._due()
            await asyncio.gather(*(self._load(region) for region in due))
            try:
                await self._render()
            except Exception:
                logger.exception("a page of the console cannot be rendered: %s", self._page.name)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), REST_S if self._wanted else rest)

    def _due(self) -> tuple[list[Region], float | None]:
        now = time.monotonic()
        due: list[Region] = []
        rests: list[float] = []
        for region in self._page.regions:
            at = self._loaded_at.get(region.name, float("-inf"))
            every = REST_S if region.name in self._wanted else region.every
            if every is not None and now - at >= every:
                due.append(region)
                at = now
            if region.every is not None:
                rests.append(max(REST_S, at + region.every - now))
        return due, min(rests, default=None)

    async def _load(self, region: Region) -> None:
        self._wanted.discard(region.name)
        try:
            self._data[region.name] = await loaded(region, self._needs, self._params)
        except NotFound:
            # It was there when the page was opened; a reload says that it is gone.
            return
        except Exception:
            logger.exception("a region of the console cannot be loaded: %s", region.name)
        finally:
            self._loaded_at[region.name] = time.monotonic()

    async def _render(self) -> None:
        now, is_new = self._needs.clock.now(), False
        for audience in self._audiences:
            fragments = self._fragments.setdefault(audience, {})
            for region in self._page.regions:
                if region.name in self._data:
                    fragment = RegionFragment.of(region.name, html_of(region, self._data[region.name], audience, now))
                    is_new = is_new or fragments.get(region.name) != fragment
                    fragments[region.name] = fragment
        if is_new:
            async with self._news:
                self._news.notify_all()

    def _differing(self, audience: Audience, known: Mapping[str, str]) -> list[RegionFragment]:
        fragments = self._fragments.get(audience, {}).values()
        return [fragment for fragment in fragments if known.get(fragment.region) != fragment.digest]

    async def end(self) -> None:
        """Let every viewer go."""
        self._gone = True
        async with self._news:
            self._news.notify_all()
