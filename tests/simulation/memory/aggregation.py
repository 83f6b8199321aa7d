"""Aggregation pipelines: the stages our adapters use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.simulation.memory.expressions import evaluate
from tests.simulation.memory.query import matches
from tests.simulation.memory.store import Store
from tests.simulation.memory.updates import staged
from tests.simulation.memory.values import MISSING, Raw, sort_key


def aggregated(store: Store, name: str, stages: Sequence[Mapping[str, Any]]) -> list[Raw]:
    """Return what a pipeline over a collection gives."""
    table = store.table(name)
    first = stages[0].get("$match", {}) if stages else {}
    documents = table.copies([one for one in table.near(first) if matches(one, first)])
    for stage in stages:
        [(kind, argument)] = stage.items()
        documents = _stage(store, documents, kind, argument)
    return documents


def projected(document: Raw, fields: Mapping[str, Any]) -> Raw:
    """Return the fields a projection keeps or computes."""
    result: Raw = {} if fields.get("_id", 1) in (0, False) or "_id" not in document else {"_id": document["_id"]}
    for field, wanted in fields.items():
        value = document.get(field, MISSING) if wanted in (1, True) else evaluate(wanted, document)
        if field != "_id" and value is not MISSING:
            result[field] = value
    return result


def _stage(store: Store, documents: list[Raw], kind: str, argument: Any) -> list[Raw]:
    if kind == "$match":
        return [one for one in documents if matches(one, argument)]
    if kind == "$project":
        return [projected(one, argument) for one in documents]
    if kind == "$unionWith":
        return documents + aggregated(store, argument["coll"], argument["pipeline"])
    if kind == "$sort":
        for path, direction in reversed(argument.items()):
            documents = sorted(documents, key=lambda one: sort_key(one.get(path, MISSING)), reverse=direction < 0)
        return documents
    if kind == "$unwind":
        field = argument[1:]
        return [{**one, field: each} for one in documents for each in one.get(field, ())]
    if kind == "$group":
        return _grouped(documents, argument)
    return [staged(one, kind, argument) for one in documents]


def _grouped(documents: Sequence[Raw], argument: Mapping[str, Any]) -> list[Raw]:
    groups: dict[str, tuple[Any, list[Raw]]] = {}
    for one in documents:
        key = evaluate(argument["_id"], one)
        key = None if key is MISSING else key
        groups.setdefault(repr(key), (key, []))[1].append(one)
    return [
        {"_id": key, **{name: _sum_up(how, members) for name, how in argument.items() if name != "_id"}}
        for key, members in groups.values()
    ]


def _sum_up(how: Mapping[str, Any], members: Sequence[Raw]) -> Any:
    [(operator, expression)] = how.items()
    values = [evaluate(expression, one) for one in members]
    if operator == "$first":
        return None if values[0] is MISSING else values[0]
    if operator == "$sum":
        # What is no number counts nothing.
        return sum(one for one in values if isinstance(one, (int, float)) and not isinstance(one, bool))
    raise NotImplementedError(operator)
