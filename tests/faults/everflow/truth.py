"""What each check has to find, worked out from the facts alone: nothing here knows the code under test."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from relance.contracts.names import CheckName
from relance.devstack.everflow.dataset import Fact, World

Row = tuple[str, ...]
"""Texts that belong into one row of a message: names, and for landing pages the clicks."""

_AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def truth(check: CheckName, world: World, on: date) -> frozenset[Row]:
    """Return the rows a complete look owes people as of the morning of `on` (SPEC W1, W2)."""
    return frozenset(_default_pages(world, on) if check is CheckName.DEFAULT_LP else _paused_partners(world, on))


def _default_pages(world: World, on: date) -> Iterator[Row]:
    partners = {one.id: one.name for one in world.partners}
    offers = {one.id: one.name for one in world.offers}
    pages = {0: world.base_label, **{one.id: one.name for one in world.offer_urls}}
    clicks: Counter[tuple[int, int, int]] = Counter()
    for fact in _within(world, on - timedelta(days=1), on):
        clicks[fact.offer, fact.partner, fact.offer_url] += fact.total_click
    for (offer, partner, page), count in clicks.items():
        if "default" in pages[page].lower() and count > 50:
            yield offers[offer], partners[partner], f'"{pages[page]}"', f"{count} clicks"


def _paused_partners(world: World, on: date) -> Iterator[Row]:
    week = timedelta(days=7)
    now = _revenue(world, on - timedelta(days=3), on)
    for partner, before in _revenue(world, on - timedelta(days=3) - week, on - week).items():
        if before >= 100 and now[partner] < before / 2:
            yield (next(one.name for one in world.partners if one.id == partner),)


def _revenue(world: World, first: date, end: date) -> defaultdict[int, Decimal]:
    sums: defaultdict[int, Decimal] = defaultdict(Decimal)
    for fact in _within(world, first, end):
        sums[fact.partner] += fact.revenue
    return sums


def _within(world: World, first: date, end: date) -> Iterator[Fact]:
    return (fact for fact in world.facts if first <= fact.hour.astimezone(_AMSTERDAM).date() < end)
