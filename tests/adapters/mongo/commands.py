from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pymongo import monitoring


class Commands(monitoring.CommandListener):
    """The commands that clients opened from now on send to one database."""

    def __init__(self, database: str) -> None:
        self.database: str | None = database
        self.sent: list[tuple[str, Mapping[str, Any]]] = []

    @classmethod
    @contextmanager
    def watching(cls, database: str) -> Iterator[Commands]:
        listener = cls(database)
        monitoring.register(listener)
        try:
            yield listener
        finally:
            # The driver has no way to unregister.
            listener.database = None

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.database_name == self.database:
            self.sent.append((event.command_name, dict(event.command)))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Is not of interest."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Is not of interest."""

    def named(self, name: str) -> list[Mapping[str, Any]]:
        return [command for sent, command in self.sent if sent == name]
