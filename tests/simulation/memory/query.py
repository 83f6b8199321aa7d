"""Whether a document matches a query: the part of the query language that our adapters use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bson.regex import Regex

from tests.simulation.memory.expressions import evaluate
from tests.simulation.memory.values import MISSING, candidates, is_of_type, rank, sort_key


def matches(document: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    """Tell whether a document matches every condition of a query."""
    return all(_holds(document, name, condition) for name, condition in query.items())


def _holds(document: Mapping[str, Any], name: str, condition: Any) -> bool:
    if name == "$expr":
        return bool(evaluate(condition, document))
    if name == "$or":
        return any(matches(document, one) for one in condition)
    if name == "$nor":
        return not any(matches(document, one) for one in condition)
    if name == "$or":
        return any(matches(document, one) for one in condition)
    if name == "$and":
        return all(matches(document, one) for one in condition)
    if isinstance(condition, dict) and any(key.startswith("$") for key in condition):
        return all(_OPERATORS[key](document, name, value) for key, value in condition.items())
    return _equals(document, name, condition)


def _same(found: Any, wanted: Any) -> bool:
    if wanted is None:
        return found is None or found is MISSING
    if isinstance(wanted, Regex):
        return isinstance(found, str) and wanted.try_compile().search(found) is not None
    return (type(found) is type(wanted) or rank(found) == rank(wanted)) and bool(found == wanted)


def _equals(document: Mapping[str, Any], path: str, wanted: Any) -> bool:
    if "." not in path and not isinstance(one := document.get(path, MISSING), list):
        return _same(one, wanted)
    found = list(candidates(document, path))
    return any(_same(one, wanted) for one in found) or (wanted is None and not found)


def _in(document: Mapping[str, Any], path: str, wanted: Any) -> bool:
    return any(_equals(document, path, one) for one in wanted)


def _compared(holds: Callable[[Any, Any], bool]) -> Callable[[Mapping[str, Any], str, Any], bool]:
    def compare(document: Mapping[str, Any], path: str, wanted: Any) -> bool:
        place = rank(wanted)
        return any(rank(one) == place and holds(sort_key(one), sort_key(wanted)) for one in candidates(document, path))

    return compare


_OPERATORS: dict[str, Callable[[Mapping[str, Any], str, Any], bool]] = {
    "$in": _in,
    "$nin": lambda document, path, wanted: not _in(document, path, wanted),
    "$ne": lambda document, path, wanted: not _equals(document, path, wanted),
    "$eq": _equals,
    "$not": lambda document, path, wanted: not all(_OPERATORS[key](document, path, one) for key, one in wanted.items()),
    "$gt": _compared(lambda one, other: one > other),
    "$gte": _compared(lambda one, other: one >= other),
    "$lt": _compared(lambda one, other: one < other),
    "$lte": _compared(lambda one, other: one <= other),
    "$exists": lambda document, path, wanted: (
        any(one is not MISSING for one in candidates(document, path)) is bool(wanted)
    ),
    "$type": lambda document, path, wanted: any(is_of_type(one, wanted) for one in candidates(document, path)),
    "$elemMatch": lambda document, path, wanted: any(
        isinstance(one, dict) and matches(one, wanted) for one in candidates(document, path)
    ),
}
