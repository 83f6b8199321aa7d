"""Networks for the runs: the sample's, the same on a calm morning, and one with more rows than a report can have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from relance.devstack.everflow.dataset import Fact, Partner, World
from relance.devstack.everflow.samples import DEFAULT_PAGE, PAUSED_PARTNER, sample_world

ZONE = ZoneInfo("Europe/Amsterdam")
WEEK = timedelta(days=7)
CROWD = 3_400
CROWD_FROM = 100_000
# On the day before, every partner of the crowd is there on three offers: 10,200 rows in each check's report.
_CROWD_OFFERS = {1: (1, 8, 20), 2: (8,), 3: (8,), 8: (1, 8, 20), 9: (8,), 10: (8,)}


def network(on: date, seed: int, *, finding: bool, crowded: bool) -> World:
    """Return a network as of the morning of `on`, with or without something to be found by each check."""
    world = sample_world(on, seed)
    facts = world.facts if finding else tuple(one for fact in world.facts for one in _calmed(fact, on))
    if not crowded:
        return world.model_copy(update={"facts": facts})
    partners = tuple(Partner(id=CROWD_FROM + n, name=f"Member {n}") for n in range(CROWD))
    return world.model_copy(update={"facts": facts + tuple(_crowd(on)), "partners": world.partners + partners})


def _calmed(fact: Fact, on: date) -> Iterator[Fact]:
    if (fact.offer, fact.partner, fact.offer_url) == DEFAULT_PAGE:
        yield fact.model_copy(update={"total_click": fact.total_click // 2, "unique_click": fact.unique_click // 2})
        return
    yield fact
    local = fact.hour.astimezone(ZONE)
    if fact.partner == PAUSED_PARTNER and on - timedelta(days=10) <= local.date() < on - WEEK:
        # The partner who stopped goes on as in the week before.
        yield fact.model_copy(update={"hour": (local + WEEK).astimezone(UTC)})


def _crowd(on: date) -> Iterator[Fact]:
    for back, offers in _CROWD_OFFERS.items():
        day = on - timedelta(days=back)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZONE).astimezone(UTC)
        for n in range(CROWD):
            for offer in offers:
                yield Fact.model_construct(
                    hour=noon,
                    partner=CROWD_FROM + n,
                    offer=offer,
                    offer_url=0,
                    total_click=2,
                    unique_click=2,
                    invalid_click=0,
                    conversions=0,
                    revenue=Decimal(1),
                    payout=Decimal(0),
                )
