"""Everflow's side: the paths of the network API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias

from relance.devstack.everflow import fault_effects, listings, zones
from relance.devstack.everflow.faults import Fault
from relance.devstack.everflow.network import Network
from relance.devstack.everflow.questions import RATES, Question, read

Asked: TypeAlias = tuple[Any, Callable[[str, int], int], list[Fault]]
"""A call: the body's JSON, a reader of numbers in the query string, the faults that happen."""
Answer: TypeAlias = Callable[["Api", str, Asked], Any]


class NotThere(Exception):
    """Answered with 404."""


class Api:
    """Finds what a path answers; the paths of one thing are matched with its id as the rest."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def answer(self, method: str, path: str, asked: Asked) -> Any:
        """Return the data for a call.

        Raises:
            BadRequest: the request is wrong.
            NotThere: there is nothing at that path.
        """
        for (known_method, prefix), found in _PATHS.items():
            rest = path.removeprefix(prefix)
            if method == known_method and (path == prefix or (prefix.endswith("/") and path != rest)):
                return found(self, rest, asked)
        raise NotThere

    def table(self, _: str, asked: Asked) -> Any:
        """Answer the reporting table."""
        question = self._question(asked)
        return self._table(question, asked[2])

    def entity(self, _: str, asked: Asked) -> Any:
        """Answer the older endpoint: table, totals and hours in one."""
        question = self._question(asked)
        reporting = self._network.reporting
        extra = {"summary": reporting.summary(question), "performance": reporting.performance(question)}
        return {**extra, **self._table(question, asked[2])}

    def summary(self, _: str, asked: Asked) -> Any:
        """Answer the totals."""
        return self._network.reporting.summary(self._question(asked, columns_needed=False))

    def conversions(self, _: str, asked: Asked) -> Any:
        """Answer the raw conversions; they need no currency."""
        body = {"currency_id": "EUR", **asked[0]} if isinstance(asked[0], dict) else asked[0]
        question = fault_effects.misheard(read(body, columns_needed=False), asked[2])
        facts = self._network.reporting.facts(question)
        return listings.page(list(listings.conversions(facts, self._network.world)), "conversions", asked[1])

    def partners(self, _: str, asked: Asked) -> Any:
        """List the partners; a name is searched for as part of it."""
        body = asked[0] if isinstance(asked[0], dict) else {}
        found = [listings.affiliate(partner) for partner in self._network.world.partners]
        for term in body.get("search_terms") or []:
            found = [row for row in found if str(term.get("value", "")).lower() in row["name"].lower()]
        return listings.page(listings.filtered(found, body.get("filters") or {}), "affiliates", asked[1])

    def partner(self, rest: str, _: Asked) -> Any:
        """Answer one partner."""
        return _one(
            [listings.affiliate(partner) for partner in self._network.world.partners], "network_affiliate_id", rest
        )

    def offers(self, _: str, asked: Asked) -> Any:
        """List the offers."""
        body = asked[0] if isinstance(asked[0], dict) else {}
        found = [listings.offer(offer) for offer in self._network.world.offers]
        return listings.page(listings.filtered(found, body.get("filters") or {}), "offers", asked[1])

    def offer(self, rest: str, _: Asked) -> Any:
        """Answer one offer."""
        return _one([listings.offer(offer) for offer in self._network.world.offers], "network_offer_id", rest)

    def offer_urls(self, _: str, asked: Asked) -> Any:
        """List the landing pages."""
        return listings.page(
            [listings.offer_url(offer_url) for offer_url in self._network.world.offer_urls], "urls", asked[1]
        )

    def timezones(self, _: str, __: Asked) -> Any:
        """List the zones."""
        return {"timezones": zones.listing(datetime.now(UTC))}

    def currencies(self, _: str, __: Asked) -> Any:
        """List the currencies."""
        return {"currencies": [{"currency_id": code, "name": code} for code in RATES]}

    def network(self, _: str, __: Asked) -> Any:
        """Answer the account itself."""
        world = self._network.world
        return {
            "network_id": 1,
            "name": "Sample Network",
            "status": "active",
            "default_currency_id": world.currency,
            "reporting_timezone_id": zones.ZONES.index(world.zone) + 1,
        }

    def _question(self, asked: Asked, *, columns_needed: bool = True) -> Question:
        return fault_effects.misheard(read(asked[0], columns_needed=columns_needed), asked[2])

    def _table(self, question: Question, faults: list[Fault]) -> dict[str, Any]:
        return fault_effects.table(self._network.reporting.table(question), faults, self._network.gate.limits.rows)


def _one(items: list[dict[str, Any]], key: str, wanted: str) -> dict[str, Any]:
    for item in items:
        if str(item[key]) == wanted:
            return item
    raise NotThere


_PATHS: dict[tuple[str, str], Answer] = {
    ("POST", "/v1/networks/reporting/entity/table"): Api.table,
    ("POST", "/v1/networks/reporting/entity/summary"): Api.summary,
    ("POST", "/v1/networks/reporting/entity"): Api.entity,
    ("POST", "/v1/networks/reporting/conversions"): Api.conversions,
    ("POST", "/v1/networks/affiliatestable"): Api.partners,
    ("GET", "/v1/networks/affiliates"): Api.partners,
    ("GET", "/v1/networks/affiliates/"): Api.partner,
    ("POST", "/v1/networks/offerstable"): Api.offers,
    ("GET", "/v1/networks/offers"): Api.offers,
    ("GET", "/v1/networks/offers/"): Api.offer,
    ("GET", "/v1/networks/offerurls"): Api.offer_urls,
    ("GET", "/v1/networks"): Api.network,
    ("GET", "/v1/meta/timezones"): Api.timezones,
    ("GET", "/v1/meta/currencies"): Api.currencies,
}
