"""Aggregation expressions: the ones our adapters use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.memory.values import MISSING, at_path, sort_key

Variables = Mapping[str, Any]


def evaluate(expression: Any, document: Mapping[str, Any], variables: Variables | None = None) -> Any:
    """Return the value of an expression over a document; MISSING for a field that is not there."""
    if isinstance(expression, str) and expression.startswith("$"):
        return _field(expression, document, variables or {})
    if isinstance(expression, list):
        return [_or_null(evaluate(one, document, variables)) for one in expression]
    if not isinstance(expression, dict):
        return expression
    name = next(iter(expression), "")
    if name.startswith("$"):
        return _OPERATORS[name](expression[name], lambda one, more=None: evaluate(one, document, more or variables))
    fields = {key: evaluate(one, document, variables) for key, one in expression.items()}
    return {key: value for key, value in fields.items() if value is not MISSING}


def truthy(value: Any) -> bool:
    """Tell whether a value counts as true."""
    return value is not MISSING and value is not None and value is not False and value != 0


def _field(text: str, document: Mapping[str, Any], variables: Variables) -> Any:
    if not text.startswith("$$"):
        return at_path(document, text[1:])
    name, _, path = text[2:].partition(".")
    value = document if name == "ROOT" else variables[name]
    return at_path(value, path) if path else value


def _or_null(value: Any) -> Any:
    return None if value is MISSING else value


Eval = Callable[..., Any]


def _compared(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Eval], bool]:
    def compare(arguments: Any, value: Eval) -> bool:
        one, other = (sort_key(value(argument)) for argument in arguments)
        return holds(one, other)

    return compare


def _present(arguments: Any, value: Eval) -> list[Any]:
    return [found for argument in arguments if (found := value(argument)) is not MISSING and found is not None]


def _sum(arguments: Any, value: Eval) -> Any:
    found = _present(arguments, value)
    if len(found) < len(arguments):
        return None
    dates = [one for one in found if isinstance(one, datetime)]
    numbers = sum(one for one in found if not isinstance(one, datetime))
    return dates[0] + timedelta(milliseconds=numbers) if dates else numbers


def _if_null(arguments: Any, value: Eval) -> Any:
    for argument in arguments[:-1]:
        found = value(argument)
        if found is not MISSING and found is not None:
            return found
    return value(arguments[-1])


def _cond(arguments: Any, value: Eval) -> Any:
    test, then, otherwise = arguments
    return value(then) if truthy(value(test)) else value(otherwise)


def _merged(arguments: Any, value: Eval) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for argument in arguments:
        merged |= _or_null(value(argument)) or {}
    return merged


def _element(arguments: Any, value: Eval) -> Any:
    array, index = value(arguments[0]), value(arguments[1])
    return array[index] if -len(array) <= index < len(array) else MISSING


def _index(arguments: Any, value: Eval) -> int:
    array, wanted = value(arguments[0]), value(arguments[1])
    return array.index(wanted) if wanted in array else -1


def _map(arguments: Any, value: Eval) -> list[Any]:
    name = arguments.get("as", "this")
    return [_or_null(value(arguments["in"], {name: one})) for one in value(arguments["input"])]


def _filter(arguments: Any, value: Eval) -> list[Any]:
    name = arguments.get("as", "this")
    return [one for one in value(arguments["input"]) if truthy(value(arguments["cond"], {name: one}))]


_OPERATORS: dict[str, Callable[[Any, Eval], Any]] = {
    "$literal": lambda argument, value: argument,
    "$add": _sum,
    "$ifNull": _if_null,
    "$cond": _cond,
    "$eq": _compared(lambda one, other: one == other),
    "$ne": _compared(lambda one, other: one != other),
    "$gt": _compared(lambda one, other: one > other),
    "$gte": _compared(lambda one, other: one >= other),
    "$lt": _compared(lambda one, other: one < other),
    "$lte": _compared(lambda one, other: one <= other),
    "$max": lambda arguments, value: max(_present(arguments, value), key=sort_key, default=None),
    "$filter": _filter,
    "$and": lambda arguments, value: all(truthy(value(one)) for one in arguments),
    "$or": lambda arguments, value: any(truthy(value(one)) for one in arguments),
    "$not": lambda arguments, value: not truthy(value(arguments[0] if isinstance(arguments, list) else arguments)),
    "$size": lambda argument, value: len(value(argument)),
    "$subtract": lambda arguments, value: value(arguments[0]) - value(arguments[1]),
    "$in": lambda arguments, value: value(arguments[0]) in value(arguments[1]),
    "$mergeObjects": _merged,
    "$concatArrays": lambda arguments, value: [one for argument in arguments for one in value(argument)],
    "$arrayElemAt": _element,
    "$indexOfArray": _index,
    "$map": _map,
}
