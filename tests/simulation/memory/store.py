"""What a database in memory holds, apart from how it is asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from tests.simulation.memory.query import matches
from tests.simulation.memory.values import MISSING, Raw, at_path, decode, encode

DUPLICATE = 11000

Watcher = Callable[[Raw | None, Raw | None], None]
"""Called with every change: the document before and after."""


Backup: TypeAlias = Mapping[str, tuple[Mapping[Any, Raw], Mapping[Any, bytes]]]


class Duplicate(Exception):
    """A unique index has this key already."""


class Table:
    """The documents of one collection in order of insertion; each is kept once to look at and once as bytes."""

    def __init__(self) -> None:
        self.indexes: dict[str, Raw] = {}
        self.watchers: list[Watcher] = []
        self._documents: dict[Any, Raw] = {}
        self._bytes: dict[Any, bytes] = {}
        # In order of insertion, as all of them.
        self._periods: defaultdict[Any, dict[Any, None]] = defaultdict(dict)

    def near(self, query: Mapping[str, Any]) -> list[Raw]:
        """Return the documents that may match: by `_id` or by `period` where the query names one, else all."""
        wanted = query.get("_id", MISSING)
        if isinstance(wanted, Mapping):
            if "$in" not in wanted:
                return self._of_period(query)
            keys = dict.fromkeys(_key(one) for one in wanted["$in"])
            return [self._documents[key] for key in keys if key in self._documents]
        if wanted is MISSING:
            return self._of_period(query)
        found = self._documents.get(_key(wanted))
        return [found] if found is not None else []

    def _of_period(self, query: Mapping[str, Any]) -> list[Raw]:
        period = query.get("period")
        if not isinstance(period, str):
            return list(self._documents.values())
        return [self._documents[key] for key in self._periods[period]]

    def copies(self, documents: Iterable[Raw], projection: Mapping[str, Any] | None = None) -> list[Raw]:
        """Return documents of this table as a client gets them."""
        fresh = [decode(self._bytes[_key(one["_id"])]) for one in documents]
        if not projection:
            return fresh
        kept = {name for name, shown in projection.items() if shown}
        if projection.get("_id", 1):
            kept.add("_id")
        return [{name: value for name, value in one.items() if name in kept} for one in fresh]

    def insert(self, document: Mapping[str, Any]) -> None:
        """Add a document.

        Raises:
            Duplicate: of this `_id`, or of a unique index.
        """
        if _key(document["_id"]) in self._documents:
            raise Duplicate
        self._store(document, None)

    def put(self, document: Mapping[str, Any]) -> bool:
        """Replace a document; return whether it is another one now."""
        before = self._documents[_key(document["_id"])]
        if encode(document) == self._bytes[_key(document["_id"])]:
            return False
        self._store(document, before)
        return True

    def delete(self, key: Any) -> None:
        """Take a document away."""
        before = self._documents.pop(_key(key))
        del self._bytes[_key(key)]
        self._periods[_period(before)].pop(_key(key), None)
        self._tell(before, None)

    def backup(self) -> tuple[Mapping[Any, Raw], Mapping[Any, bytes]]:
        """Return what it holds now; documents are replaced, never changed."""
        return dict(self._documents), dict(self._bytes)

    def put_back(self, backup: tuple[Mapping[Any, Raw], Mapping[Any, bytes]]) -> None:
        """Hold what a backup holds; nobody is told of a change."""
        self._documents, self._bytes = dict(backup[0]), dict(backup[1])
        self._periods = defaultdict(dict)
        for key, document in self._documents.items():
            self._periods[_period(document)][key] = None

    def _store(self, document: Mapping[str, Any], before: Raw | None) -> None:
        data = encode(document)
        kept = decode(data)
        self._check_unique(kept)
        key = _key(kept["_id"])
        self._documents[key], self._bytes[key] = kept, data
        if before is not None and _period(before) != _period(kept):
            self._periods[_period(before)].pop(key)
        self._periods[_period(kept)][key] = None
        self._tell(before, kept)

    def _tell(self, before: Raw | None, after: Raw | None) -> None:
        for watcher in self.watchers:
            watcher(before, after)

    def _check_unique(self, document: Raw) -> None:
        for index in self.indexes.values():
            among = index.get("partialFilterExpression", {})
            if not index.get("unique") or not matches(document, among):
                continue
            fields = [field for field, _ in index["key"]]
            own = _values(document, fields)
            for other in self._documents.values():
                if other["_id"] != document["_id"] and matches(other, among) and _values(other, fields) == own:
                    raise Duplicate


class Store:
    """All collections, by name."""

    def __init__(self) -> None:
        self._tables: dict[str, Table] = defaultdict(Table)

    def table(self, name: str) -> Table:
        """Return a collection's documents, empty at first."""
        return self._tables[name]

    def backup(self) -> Backup:
        """Return what every collection holds now."""
        return {name: table.backup() for name, table in self._tables.items()}

    def put_back(self, backup: Backup, *, but: Collection[str] = ()) -> None:
        """Put every collection back to a backup, but some."""
        for name, table in self._tables.items():
            if name not in but:
                table.put_back(backup.get(name, ({}, {})))


def _period(document: Raw) -> str | None:
    found = document.get("period")
    return found if isinstance(found, str) else None


def _key(value: Any) -> Any:
    return encode({"v": value}) if isinstance(value, (Mapping, list)) else value


def _values(document: Raw, fields: Sequence[str]) -> list[Any]:
    return [None if (found := at_path(document, field)) is MISSING else found for field in fields]
