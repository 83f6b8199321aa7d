"""Reading a report request as strictly, and as forgetfully, as Everflow does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from relance.devstack.everflow.zones import zone_of

TIMES = ("hour", "date", "week", "month", "year")
_OTHERS = """
    offer affiliate advertiser offer_group campaign creative event_name offer_url country country_code region city dma
    carrier platform os_version isp browser device_type device_make model language connection_type sub1 sub2 sub3 sub4
    sub5 source_id adv1 adv2 adv3 adv4 adv5 coupon_code tracking_domain referer offer_status affiliate_manager
    account_manager category project_id payout_type payout_amount revenue_type revenue_amount
"""
COLUMNS = frozenset(_OTHERS.split()) | frozenset(TIMES)
IGNORED_COLUMN = "event"
RATES: Mapping[str, float] = {"EUR": 1.0, "USD": 1.1, "GBP": 0.85}
MOST_COLUMNS = 10
MOST_DAYS = 367


class BadRequest(Exception):
    """Answered with 400 and this text."""


@dataclass(frozen=True, slots=True)
class Question:
    """A valid request; `filters` are the wanted ids by kind: any of a kind, and all kinds."""

    first: date
    last: date
    zone: str
    currency: str
    columns: tuple[str, ...]
    filters: Mapping[str, frozenset[str]]


def read(body: Any, *, columns_needed: bool = True) -> Question:
    """Return the question of a request body.

    Raises:
        BadRequest: with the text that goes into the answer.
    """
    if not isinstance(body, Mapping) or body.get("timezone_id") is None or not body.get("currency_id"):
        raise BadRequest("Internal error")
    zone = zone_of(body["timezone_id"]) if type(body["timezone_id"]) is int else None
    if zone is None or body["currency_id"] not in RATES:
        raise BadRequest("Internal error")
    first, last = _day(body, "from"), _day(body, "to")
    if not 0 <= (last - first).days < MOST_DAYS:
        raise BadRequest(f"the date range must be between 1 and {MOST_DAYS} days")
    columns = _columns(body.get("columns", []))
    if columns_needed and not columns:
        raise BadRequest("columns: at least 1 item is required")
    return Question(first, last, zone, body["currency_id"], columns, _filters(body.get("query")))


def _day(body: Mapping[str, Any], name: str) -> date:
    try:
        return date.fromisoformat(str(body.get(name, "")))
    except ValueError:
        raise BadRequest(f"{name}: does not match format 'date'") from None


def _columns(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(column, Mapping) for column in given):
        raise BadRequest("columns: expected an array of objects")
    names = [str(column.get("column")) for column in given]
    names = [name for name in names if name != IGNORED_COLUMN]
    if len(names) > MOST_COLUMNS:
        raise BadRequest(f"columns: at most {MOST_COLUMNS} items are allowed")
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise BadRequest(f"columns: {unknown[0]} is not one of the allowed values")
    if sum(name in TIMES for name in names) > 1:
        raise BadRequest("columns: only one time column is allowed")
    return tuple(dict.fromkeys(names))


def _filters(query: Any) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for filter_ in (query or {}).get("filters") or []:
        kind = filter_.get("resource_type")
        if kind is None:
            continue
        if not isinstance(filter_.get("filter_id_value"), str):
            raise BadRequest("filter_id_value: expected string")
        found.setdefault(str(kind), set()).add(filter_["filter_id_value"])
    return {kind: frozenset(values) for kind, values in found.items()}
