"""Documents as BSON knows them: what may be stored, how values are ordered, what a path leads to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import bson
from bson import Int64, ObjectId
from bson.codec_options import CodecOptions

Raw = dict[str, Any]

MISSING: Final = type("Missing", (), {"__repr__": lambda _: "MISSING", "__bool__": lambda _: False})()
"""The value of a field that is not there: less than null, and left out of documents."""

_OPTIONS: CodecOptions[Raw] = CodecOptions(tz_aware=True, tzinfo=UTC)
# What is decoded from BSON has no other types.
_RANKS: dict[type, int] = {
    type(MISSING): 0,
    type(None): 1,
    int: 2,
    float: 2,
    Int64: 2,
    str: 3,
    dict: 4,
    list: 5,
    bytes: 6,
    ObjectId: 7,
    bool: 8,
    datetime: 9,
}
_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "objectId": lambda value: isinstance(value, ObjectId),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "binData": lambda value: isinstance(value, bytes),
    "bool": lambda value: isinstance(value, bool),
    "date": lambda value: isinstance(value, datetime),
    "null": lambda value: value is None,
    # Nothing in memory is of these.
    **dict.fromkeys(
        ("symbol", "javascript", "javascriptWithScope", "dbPointer", "timestamp", "minKey", "maxKey"),
        lambda value: False,
    ),
}


def encode(document: Mapping[str, Any]) -> bytes:
    """Return a document's bytes: what the driver would send."""
    return bson.encode(document)


def decode(data: bytes) -> Raw:
    """Return a document anew: instants in UTC and milliseconds, tuples as lists."""
    return bson.decode(data, _OPTIONS)


def as_sent(value: Any) -> Any:
    """Return a query or an update as the server would see it."""
    return decode(encode({"v": value}))["v"]


def rank(value: Any) -> int:
    """Return the place of a value's type in the order of BSON types."""
    return _RANKS[type(value)]


def sort_key(value: Any) -> tuple[int, Any]:
    """Return a key that orders values of any type as a sort does."""
    place = rank(value)
    return place, 0 if place in {0, 1, 4} else [sort_key(one) for one in value] if place == 5 else value


def is_of_type(value: Any, names: str | list[str]) -> bool:
    """Tell whether a value has one of these BSON types."""
    return any(_TYPES[name](value) for name in ([names] if isinstance(names, str) else names))


def at_path(value: Any, path: str) -> Any:
    """Return what a dotted path leads to in an expression; an array on the way gives an array."""
    for part in path.split("."):
        if isinstance(value, list):
            value = [one[part] for one in value if isinstance(one, dict) and part in one]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return MISSING
    return value


def candidates(value: Any, path: str) -> Iterator[Any]:
    """Yield every value a query's path may mean: arrays themselves and their elements."""
    part, _, rest = path.partition(".")
    if isinstance(value, list):
        for one in value:
            if isinstance(one, dict):
                yield from candidates(one, path)
        return
    found = value.get(part, MISSING) if isinstance(value, dict) else MISSING
    if rest:
        yield from candidates(found, rest)
        return
    yield found
    if isinstance(found, list):
        yield from found
