"""A whole database in memory, with the real repositories on it."""

from __future__ import annotations

from typing import Any, cast

from relance.adapters.mongo.connection import Database, repositories
from relance.adapters.mongo.documents import Client, MotorDatabase
from relance.domain.invitations.bounds import DEFAULT_BOUNDS, Bounds
from relance.domain.invitations.reminders import DEFAULT_TIMING, ReminderTiming
from relance.settings.privacy import Privacy
from tests.simulation.memory.collection import MemoryCollection
from tests.simulation.memory.link import Link
from tests.simulation.memory.store import Store
from tests.support.keys import PRIVACY


class MemoryDatabase:
    """The driver's database object: collections by attribute or name."""

    def __init__(self, store: Store, link: Link) -> None:
        self._store = store
        self._link = link

    def __getattr__(self, name: str) -> MemoryCollection:
        return MemoryCollection(self._store, name, self._link)

    def __getitem__(self, name: str) -> MemoryCollection:
        return MemoryCollection(self._store, name, self._link)


class MemoryClient:
    """The driver's client object."""

    def close(self) -> None:
        """Has nothing open."""

    async def drop_database(self, name: str) -> None:
        """Has nothing to drop: each test has a store of its own."""


def open_memory(
    store: Store,
    link: Link,
    privacy: Privacy | None = None,
    timing: ReminderTiming = DEFAULT_TIMING,
    bounds: Bounds = DEFAULT_BOUNDS,
) -> Database:
    """Return the repositories of one process over a store."""
    raw = cast("MotorDatabase", cast("Any", MemoryDatabase(store, link)))
    return repositories(
        cast("Client", cast("Any", MemoryClient())), raw, privacy or PRIVACY, timing=timing, bounds=bounds
    )
