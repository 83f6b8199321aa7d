"""A network in which, on one morning, each check finds exactly one thing, and nothing on any morning before.

What must not be found is there too: a page with exactly 50 clicks, a drop of exactly half, a partner who earned 99.99,
two landing pages of one name, adjustments below zero, clicks just before and just after midnight.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from relance.devstack.everflow.dataset import Fact, Offer, OfferUrl, Partner, World
from relance.domain.zones import zone_info

DAYS = 35
ZONE = "Europe/Amsterdam"
DEFAULT_PAGE = (1, 376, 0)
"""Offer, partner and offer URL of the one default page with more than 50 clicks."""
DEFAULT_PAGE_CLICKS = 63
PAUSED_PARTNER = 154
"""The one partner who stopped."""

# Local hours with a share of a day each; the first and the last are another day in most other zones.
_HOURS = ((0, 2), (8, 1), (13, 4), (20, 2), (23, 1))
# Back from the day of the check; a week later the same. Three days without traffic show as a drop on that morning only.
_FADING = {1: 200, 2: 20, 3: 20, 4: 60, 5: 60, 6: 60, 0: 60}

_PARTNERS = (
    Partner(id=376, name="Partner Alpha"),
    Partner(id=PAUSED_PARTNER, name="Partner Beta", status="inactive"),
    Partner(id=201, name='Partner "Gamma" 🚀 & Söhne'),
    Partner(id=202, name="Partner Half"),
    Partner(id=203, name="Partner Just Below"),
    Partner(id=204, name="Partner Refund"),
    Partner(id=205, name="Partner Delta"),
)
_OFFERS = (Offer(id=1, name="Summer Sale NL"), Offer(id=8, name="Example Offer NL"), Offer(id=20, name="Example BE"))
_URLS = (
    OfferUrl(id=2766, offer=20, name="default LP - BE v1"),
    OfferUrl(id=2774, offer=8, name="Summer LP A"),
    OfferUrl(id=2775, offer=8, name="Summer LP A"),
)


def sample_world(on: date, seed: int = 7) -> World:
    """Return the same network for the same arguments; `on` is the day of the checks, in Europe/Amsterdam.

    The facts cover the 35 days before it.
    """
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    facts = [
        fact
        for back in range(DAYS, 0, -1)
        for traffic in _traffic(back, chance)
        for fact in _spread(on - timedelta(days=back), *traffic)
    ]
    return World(partners=_PARTNERS, offers=_OFFERS, offer_urls=_URLS, facts=tuple(facts))


_Traffic = tuple[tuple[int, int, int], int, Decimal]


def _traffic(back: int, chance: random.Random) -> Iterator[_Traffic]:
    """Yield ((offer, partner, offer URL), clicks, revenue) of the day so many days before the checks."""
    yield DEFAULT_PAGE, DEFAULT_PAGE_CLICKS if back == 1 else chance.randint(5, 45), Decimal(0)
    yield (20, 205, 2766), 50 if back == 1 else chance.randint(20, 50), Decimal("24.50")
    yield (8, 376, 2774), chance.randint(850, 1000), Decimal(chance.randint(560, 640))
    yield (8, 201, 2775), chance.randint(300, 400), Decimal(chance.randint(18_000, 22_000)) / 100
    yield (8, 205, 2774), chance.randint(100, 140), Decimal(chance.randint(90, 110))
    yield (8, 202, 2774), 80, Decimal(50 if back <= 3 else 100)
    yield (8, 204, 2775), 40, Decimal(-15 if back % 7 == 2 else 60)
    if back > 3:
        yield (8, 203, 2775), 30, Decimal("33.33")
        yield (20, PAUSED_PARTNER, 0), 30, Decimal(_FADING[back % 7])


def _spread(day: date, place: tuple[int, int, int], clicks: int, revenue: Decimal) -> Iterator[Fact]:
    offer, partner, url = place
    whole = sum(share for _, share in _HOURS)
    left_clicks, left_revenue = clicks, revenue
    for position, (hour, share) in enumerate(_HOURS):
        last = position == len(_HOURS) - 1
        some = left_clicks if last else clicks * share // whole
        money = left_revenue if last else (revenue * share / whole).quantize(Decimal("0.01"))
        left_clicks, left_revenue = left_clicks - some, left_revenue - money
        yield Fact(
            hour=datetime(day.year, day.month, day.day, hour, tzinfo=zone_info(ZONE)),
            partner=partner,
            offer=offer,
            offer_url=url,
            total_click=some,
            unique_click=some * 9 // 10,
            invalid_click=some // 20,
            conversions=int(max(money, Decimal(0)) / 20),
            revenue=money,
            payout=(money * Decimal("0.65")).quantize(Decimal("0.01")),
        )
