"""Partners, offers, zones and currencies as listed, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relance.adapters.everflow import values
from relance.adapters.everflow.answers import plain
from relance.errors import ReportRefused, ReportUnusable

PAGE_SIZE = 2000


@dataclass(frozen=True, slots=True)
class Listing:
    """How one kind of thing is listed: the keys of the list, of an entry's id and of its status."""

    items: str
    id: str
    status: str


PARTNERS = Listing("affiliates", "network_affiliate_id", "account_status")


def statuses(answer: Any, listing: Listing) -> dict[str, str]:
    """Return the status of every entry of a page, by id.

    Raises:
        ReportUnusable: the page is not of that shape.
    """
    found: dict[str, str] = {}
    for entry in _items(answer, listing.items):
        status = entry.get(listing.status)
        if not isinstance(status, str):
            raise ReportUnusable("shape", f"an entry of {listing.items} has no {listing.status}")
        found[values.identifier(entry.get(listing.id), listing.id)] = plain(status, 40)
    return found


def is_last(answer: Any, listing: Listing, page: int) -> bool:
    """Return whether a page, counted from 1, is the last one; an empty page always is.

    Raises:
        ReportUnusable: the page does not say how many there are.
    """
    paging = answer.get("paging") if isinstance(answer, Mapping) else None
    if not isinstance(paging, Mapping):
        raise ReportUnusable("shape", "a page does not say how many there are")
    # The size the server used, which may be smaller than the one we asked for.
    size = values.count(paging.get("page_size"), "page_size") or PAGE_SIZE
    total = values.count(paging.get("total_count"), "total_count")
    return not _items(answer, listing.items) or page * size >= total


def zone_id(answer: Any, zone: str) -> int:
    """Return Everflow's number of a zone, found by its IANA name: `timezone_name` and offset move with the clock.

    Raises:
        ReportRefused: Everflow does not know the zone.
        ReportUnusable: the answer is no list of zones.
    """
    for entry in _items(answer, "timezones"):
        if entry.get("timezone") == zone:
            return values.count(entry.get("timezone_id"), "timezone_id")
    raise ReportRefused(f"Everflow does not know the zone {zone}; change RELANCE_EVERFLOW__TIMEZONE")


def check_currency(answer: Any, currency: str) -> None:
    """Check that Everflow knows a currency.

    Raises:
        ReportRefused: it does not.
        ReportUnusable: the answer is no list of currencies.
    """
    if all(entry.get("currency_id") != currency for entry in _items(answer, "currencies")):
        raise ReportRefused(f"Everflow does not know the currency {currency}; change RELANCE_EVERFLOW__CURRENCY")


def _items(answer: Any, key: str) -> Sequence[Mapping[str, Any]]:
    items = answer.get(key) if isinstance(answer, Mapping) else None
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise ReportUnusable("shape", f"there is no list of {key}")
    return items
