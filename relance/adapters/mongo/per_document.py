"""Writing many documents in one statement, each with values of its own.

A `multi` update of 32 documents takes less than half the time of 32 updates in one bulk (8,800 against 3,800
documents/s; journaled majority, one node, 2 cores): it is parsed, planned and entered into the session once. The driver
does not repeat it after a lost connection, so the caller does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relance.adapters.mongo.documents import Raw


def value_of(values: Mapping[str, Any]) -> Raw:
    """Return the aggregation expression for each document's own value, given the values by `_id`."""
    # The server turns a constant array into a hash table.
    place = {"$indexOfArray": [{"$literal": list(values)}, "$_id"]}
    return {"$arrayElemAt": [{"$literal": list(values.values())}, place]}


def appended(field: str, value: Raw) -> Raw:
    """Return the expression for an array field with one more element."""
    return {"$concatArrays": [{"$ifNull": [f"${field}", []]}, [value]]}
