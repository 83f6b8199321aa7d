"""Reports computed from the facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from relance.devstack.everflow.dataset import Fact, World
from relance.devstack.everflow.questions import RATES, Question
from relance.domain.zones import zone_info

Cells = tuple[tuple[str, str, str], ...]


class Reporting:
    """Answers questions about one world."""

    def __init__(self, world: World) -> None:
        self._facts = world.facts
        self._names = {
            "affiliate": {partner.id: partner.name for partner in world.partners},
            "offer": {offer.id: offer.name for offer in world.offers},
            "offer_url": {0: world.base_label, **{offer_url.id: offer_url.name for offer_url in world.offer_urls}},
        }

    def table(self, question: Question) -> list[dict[str, Any]]:
        """Return one row per combination that has traffic."""
        groups: dict[Cells, list[Fact]] = {}
        for fact, local in self._within(question):
            groups.setdefault(tuple(self._cell(name, fact, local) for name in question.columns), []).append(fact)
        return [
            {
                "columns": [{"column_type": kind, "id": id_, "label": label} for kind, id_, label in cells],
                "reporting": figures(facts, question.currency),
                "usm_columns": [],
                "custom_metric_columns": [],
            }
            # In an order that means nothing: which rows survive a cut is not documented.
            for cells, facts in sorted(groups.items(), key=lambda item: [cell[1][::-1] for cell in item[0]])
        ]

    def summary(self, question: Question) -> dict[str, Any]:
        """Return the totals; columns do not change them."""
        return figures([fact for fact, _ in self._within(question)], question.currency)

    def performance(self, question: Question) -> list[dict[str, Any]]:
        """Return the totals of each hour."""
        hours: dict[datetime, list[Fact]] = {}
        for fact, _ in self._within(question):
            hours.setdefault(fact.hour, []).append(fact)
        return [
            {"unix": int(hour.timestamp()), "reporting": figures(facts, question.currency)}
            for hour, facts in sorted(hours.items())
        ]

    def facts(self, question: Question) -> list[Fact]:
        """Return the facts themselves."""
        return [fact for fact, _ in self._within(question)]

    def _within(self, question: Question) -> Iterator[tuple[Fact, datetime]]:
        rules = zone_info(question.zone)
        for fact in self._facts:
            local = fact.hour.astimezone(rules)
            if question.first <= local.date() <= question.last and _wanted(fact, question):
                yield fact, local

    def _cell(self, name: str, fact: Fact, local: datetime) -> tuple[str, str, str]:
        if name in {"affiliate", "offer", "offer_url"}:
            number = _ids(fact)[name]
            return name, str(number), self._names[name].get(number, f"{name} {number}")
        begin = _begin(name, local)
        if begin is None:
            return name, "0", "N/A"
        unix = str(int(begin.timestamp()))
        return name, unix, unix


def figures(facts: Iterable[Fact], currency: str) -> dict[str, Any]:
    """Return the metrics of some facts with the keys of the API; rates are percentages."""
    found = list(facts)
    total = sum(fact.total_click for fact in found)
    unique = sum(fact.unique_click for fact in found)
    invalid = sum(fact.invalid_click for fact in found)
    conversions = sum(fact.conversions for fact in found)
    rate = RATES[currency]
    revenue = float(sum((fact.revenue for fact in found), Decimal(0))) * rate
    payout = float(sum((fact.payout for fact in found), Decimal(0))) * rate
    profit = revenue - payout
    numbers = {
        **dict.fromkeys(("imp", "ctr", "invalid_cv_scrub", "view_through_cv", "event", "evr", "cpm", "rpm"), 0.0),
        **dict.fromkeys(("event_revenue", "gross_sales", "avg_sale_value", "media_buying_cost"), 0.0),
        "total_click": total,
        "unique_click": unique,
        "invalid_click": invalid,
        "duplicate_click": total - unique,
        "gross_click": total + invalid,
        "cv": conversions,
        "total_cv": conversions,
        "cvr": _share(conversions * 100, total),
        "cpc": _share(payout, total),
        "epc": _share(payout, total),
        "rpc": _share(revenue, total),
        "cpa": _share(payout, conversions),
        "rpa": _share(revenue, conversions),
        "payout": payout,
        "revenue": revenue,
        "profit": profit,
        "margin": _share(profit * 100, revenue),
        "roas": _share(revenue * 100, payout),
    }
    return {name: _number(value) for name, value in numbers.items()}


def _number(value: float) -> float | int:
    rounded = round(value, 4)
    return int(rounded) if rounded == int(rounded) else rounded


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _ids(fact: Fact) -> dict[str, int]:
    return {"affiliate": fact.partner, "offer": fact.offer, "offer_url": fact.offer_url}


def _wanted(fact: Fact, question: Question) -> bool:
    ids = _ids(fact)
    return all(str(ids[kind]) in values for kind, values in question.filters.items() if kind in ids)


def _begin(name: str, local: datetime) -> datetime | None:
    day = local.replace(hour=0, minute=0, fold=0)
    match name:
        case "hour":
            return local.replace(minute=0)
        case "date":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)
    return None
