"""What an update makes of a document: operators and pipelines, as far as our adapters use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.simulation.memory.expressions import evaluate
from tests.simulation.memory.values import MISSING, Raw, sort_key


def updated(document: Mapping[str, Any], update: Any, *, inserting: bool = False) -> Raw:
    """Return the document after an update; the given one stays as it is."""
    if isinstance(update, list):
        result = dict(document)
        for stage in update:
            [(name, argument)] = stage.items()
            result = staged(result, name, argument)
        return result
    result = dict(document)
    for name, fields in update.items():
        if name != "$setOnInsert" or inserting:
            for path, value in fields.items():
                _apply(result, name, path, value)
    return result


def staged(document: Raw, name: str, argument: Any) -> Raw:
    """Return the document after one stage that makes one document of one."""
    if name in {"$set", "$addFields"}:
        new = {field: evaluate(value, document) for field, value in argument.items()}
        return {**document, **{field: value for field, value in new.items() if value is not MISSING}}
    if name == "$unset":
        gone = {argument} if isinstance(argument, str) else set(argument)
        return {field: value for field, value in document.items() if field not in gone}
    if name in {"$replaceWith", "$replaceRoot"}:
        return dict(evaluate(argument["newRoot"] if name == "$replaceRoot" else argument, document))
    raise NotImplementedError(name)


def _apply(document: Raw, name: str, path: str, value: Any) -> None:
    parent, field = _parent(document, path)
    if name in {"$set", "$setOnInsert"}:
        parent[field] = value
    elif name == "$unset":
        parent.pop(field, None)
    elif name == "$push":
        parent[field] = _pushed(parent.get(field, []), value)
    elif name == "$inc":
        parent[field] = parent.get(field, 0) + value
    elif name == "$max":
        parent[field] = max(parent.get(field, MISSING), value, key=sort_key)
    else:
        raise NotImplementedError(name)


def _parent(document: Raw, path: str) -> tuple[Raw, str]:
    *parts, field = path.split(".")
    for part in parts:
        document[part] = dict(document.get(part, {}))
        document = document[part]
    return document, field


def _pushed(array: Sequence[Any], value: Any) -> list[Any]:
    if not isinstance(value, Mapping) or "$each" not in value:
        return [*array, value]
    whole = [*array, *value["$each"]]
    kept = value.get("$slice")
    return whole if kept is None else whole[kept:] if kept < 0 else whole[:kept]
