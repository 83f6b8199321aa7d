"""How the server would carry out the commands of the driver: along an index, or over the whole collection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bson.codec_options import CodecOptions, DatetimeConversion

from relance.adapters.mongo.documents import MotorDatabase

# The bounds of an index end at instants that Python does not know.
_ANY_DATE: CodecOptions[Any] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
_QUESTIONS = ("find", "aggregate", "count", "distinct", "update", "delete", "findAndModify")
_ASIDE = {"lsid", "txnNumber", "readConcern", "writeConcern", "cursor", "maxTimeMS"}


def is_question(name: str) -> bool:
    """Tell whether a command looks for documents."""
    return name in _QUESTIONS


async def scans(database: MotorDatabase, command: Mapping[str, Any]) -> set[str]:
    """Return the collections that a command would read without an index."""
    found: set[str] = set()
    for one in _statements(command):
        plan = await database.command("explain", one, verbosity="queryPlanner", codec_options=_ANY_DATE)
        found |= set(_scanned(plan))
    return {name.partition(".")[2] or name for name in found}


def _statements(command: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a command as it can be explained: one statement each."""
    name = next(iter(command))
    kept = {key: value for key, value in command.items() if not key.startswith("$") and key not in _ASIDE}
    if name == "aggregate":
        yield {**kept, "cursor": {}}
    elif name in ("update", "delete"):
        for one in kept[f"{name}s"]:
            yield {name: kept[name], f"{name}s": [one]}
    else:
        yield kept


def _scanned(plan: Any, namespace: str = "") -> Iterator[str]:
    if isinstance(plan, Mapping):
        namespace = plan.get("namespace", namespace)
        if plan.get("stage") == "COLLSCAN":
            yield namespace
        for key, one in plan.items():
            if key not in ("rejectedPlans", "command"):
                yield from _scanned(one, namespace)
    elif isinstance(plan, list):
        for one in plan:
            yield from _scanned(one, namespace)
