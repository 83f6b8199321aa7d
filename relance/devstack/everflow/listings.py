"""Partners, offers and landing pages as the API lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from relance.devstack.everflow.dataset import Fact, Offer, OfferUrl, Partner, World

DEFAULT_PAGE_SIZE = 50
MOST_PAGE_SIZE = 2000
_SAVED = {"network_id": 1, "time_created": 1_700_000_000, "time_saved": 1_773_000_000}


def affiliate(partner: Partner) -> dict[str, Any]:
    """Return a partner as a resource."""
    return {
        "network_affiliate_id": partner.id,
        "name": partner.name,
        "account_status": partner.status,
        # A text, with its currency sign, in the listing of the real API.
        "today_revenue": "€0.00",
        "labels": [],
        **_SAVED,
    }


def offer(row: Offer) -> dict[str, Any]:
    """Return an offer as a resource."""
    return {
        "network_offer_id": row.id,
        "network_advertiser_id": 1,
        "name": row.name,
        "destination_url": f"https://shop.example/offer/{row.id}",
        "offer_status": row.status,
        "currency_id": "EUR",
        **_SAVED,
    }


def offer_url(row: OfferUrl) -> dict[str, Any]:
    """Return a landing page as a resource."""
    return {
        "network_offer_url_id": row.id,
        "network_offer_id": row.offer,
        "name": row.name,
        "destination_url": f"https://shop.example/lp/{row.id}",
        "url_status": row.status,
        **_SAVED,
    }


def conversions(facts: Sequence[Fact], world: World) -> Iterator[dict[str, Any]]:
    """Yield one raw conversion for each counted one; money is shared out evenly and never converted."""
    partners = {partner.id: partner for partner in world.partners}
    offers = {row.id: row for row in world.offers}
    for fact in facts:
        for number in range(fact.conversions):
            yield {
                "conversion_id": f"{int(fact.hour.timestamp())}-{fact.partner}-{fact.offer}-{fact.offer_url}-{number}",
                "conversion_unix_timestamp": int(fact.hour.timestamp()),
                "status": "approved",
                "payout": round(float(fact.payout) / fact.conversions, 4),
                "revenue": round(float(fact.revenue) / fact.conversions, 4),
                "is_event": False,
                "event": "Base",
                "currency_id": "EUR",
                "relationship": {
                    "offer": offer(offers[fact.offer]) if fact.offer in offers else None,
                    "affiliate": affiliate(partners[fact.partner]) if fact.partner in partners else None,
                },
            }


def filtered(items: Sequence[dict[str, Any]], wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the items whose fields have these values; unknown fields are ignored, as the API does."""
    return [item for item in items if all(str(item[key]) == str(value) for key, value in wanted.items() if key in item)]


def page(items: Sequence[dict[str, Any]], key: str, query: Callable[[str, int], int]) -> dict[str, Any]:
    """Return one page; `query` reads a number from the query string."""
    number = max(1, query("page", 1))
    size = max(1, min(query("page_size", DEFAULT_PAGE_SIZE), MOST_PAGE_SIZE))
    return {
        key: list(items[(number - 1) * size : number * size]),
        "paging": {"page": number, "page_size": size, "total_count": len(items)},
    }
