"""How the server would carry out the commands of the driver: along an index, or over the whole collection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo import WriteConcern
from pymongo.read_concern import ReadConcern

from relance.adapters.mongo.documents import MotorDatabase
from relance.adapters.mongo.indexes import WANTED

# The bounds of an index end at instants that Python does not know.
_ANY_DATE: CodecOptions[Any] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
TINY = {
    "channels": "a document per channel",
    "healthChecks": "a document per probe",
}
"""Collections that are read as a whole, and why that is cheap for ever."""

_BY_HAND = "local"
"""The read concern of what a test asks by itself; that of our own questions is majority."""

_WAIT_BY_HAND = WriteConcern(w="majority", j=True, wtimeout=4321)
"""How a test's own writes are confirmed: as ours, or ours would not see them, but for an odd time."""

_explained: set[tuple[str, str]] = set()
"""What was explained before, in this process: hundreds of tests ask the same."""

_QUESTIONS = ("find", "aggregate", "count", "distinct", "update", "delete", "findAndModify")
_SHAPING = (*_QUESTIONS, "filter", "query", "key", "sort", "hint", "pipeline", "updates", "deletes")
_NAMES = {*WANTED, "users", "suppressions", "cycleControls", "jobAudits", "restores", "anonymisations", *TINY}
_ASIDE = {"lsid", "txnNumber", "readConcern", "writeConcern", "cursor", "maxTimeMS"}


def is_question(name: str) -> bool:
    """Tell whether a command looks for documents."""
    return name in _QUESTIONS


def by_hand(database: MotorDatabase) -> MotorDatabase:
    """Return a database whose commands can be told from those of our repositories."""
    return database.with_options(read_concern=ReadConcern(_BY_HAND), write_concern=_WAIT_BY_HAND)


async def unindexed(database: MotorDatabase, commands: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return those of our commands that read a collection without an index, but for the tiny ones."""
    problems: list[str] = []
    for command in commands:
        name = next(iter(command))
        by_level, by_wait = command.get("readConcern", {}).get("level"), command.get("writeConcern")
        shape = name, str(_shape({key: command[key] for key in command if key in _SHAPING}))
        if not is_question(name) or by_level == _BY_HAND or by_wait == _WAIT_BY_HAND.document or shape in _explained:
            continue
        found = await scans(database, command) - TINY.keys()
        problems += [f"{name} of {one}: {shape[1]}" for one in sorted(found)]
        # A collection that is not there yet has nothing to scan.
        if str(command[name]) in await database.list_collection_names():
            _explained.add(shape)
    return problems


def _shape(value: Any) -> Any:
    """Return what a command asks for, without the values."""
    if isinstance(value, Mapping):
        return {key: _shape(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return sorted({str(_shape(one)) for one in value})
    return value if isinstance(value, str) and value in _NAMES else type(value).__name__


async def explained(database: MotorDatabase, statement: Mapping[str, Any], verbosity: str = "queryPlanner") -> Any:
    """Return how the server would carry out one statement."""
    return await database.command("explain", statement, verbosity=verbosity, codec_options=_ANY_DATE)


async def scans(database: MotorDatabase, command: Mapping[str, Any]) -> set[str]:
    """Return the collections that a command would read without an index."""
    found: set[str] = set()
    for one in _statements(command):
        plan = await explained(database, one)
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
