"""Looks for planted words: in texts, in files byte by byte, in every document of a database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relance.adapters.mongo.documents import MotorDatabase

APPLICATION = {"users", "contacts"}
MAY_HOLD = {"intakeKept"}
"""Returned mails that wait for a person: they hold addresses on purpose, and go by themselves."""


@dataclass
class Search:
    """Counts planted words by place."""

    words: Mapping[str, str]
    found: dict[str, dict[str, int]] = field(default_factory=dict)

    def look(self, place: str, data: bytes | str) -> int:
        """Look through one thing; return how many words there are, in capitals or not."""
        raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
        # A plain search is a hundred times faster than a pattern, and journals have a hundred megabytes.
        small, kinds, hits = raw.lower(), self.found.setdefault(place, {}), 0
        for word, what in self.words.items():
            count = small.count(word.lower().encode())
            if count:
                kinds[what] = kinds.get(what, 0) + count
                hits += count
        return hits

    def look_through(self, place: str, files: Iterable[Path]) -> int:
        """Look through files as they lie on the disk."""
        return sum(self.look(place, file.read_bytes()) for file in files if file.is_file())

    @property
    def hits(self) -> int:
        """How many words were found."""
        return sum(sum(kinds.values()) for kinds in self.found.values())


async def look_through_database(search: Search, database: MotorDatabase, without: Collection[str]) -> int:
    """Look through every document of a database, but those of some collections."""
    hits = 0
    for name in sorted(await database.list_collection_names()):
        if name in without:
            continue
        async for raw in database[name].find({}):
            hits += search.look(f"MongoDB, {name}", _text(raw))
    return hits


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return " ".join(f"{name} {_text(item)}" for name, item in value.items())
    if isinstance(value, list):
        return " ".join(map(_text, value))
    return str(value)


def server_files(folder: Path) -> list[Path]:
    """Return what MongoDB keeps on the disk: data, indexes, journal."""
    return [file for file in folder.rglob("*") if file.is_file()]
