"""What a run of a workflow has been told, in order: enough to replay it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

EVENTS_PER_TASK = 3
"""A workflow task is scheduled, started and completed."""


class Kind(Enum):
    """What happened; the second value is how many events of a real history it makes besides its command's."""

    ACTIVITY = "activity", 2
    TIMER = "timer", 1
    SIGNAL = "signal", 1
    CHILD_STARTED = "child started", 1
    CHILD_CLOSED = "child closed", 1
    SENT = "signal sent", 1
    CANCEL = "cancel", 1

    @property
    def events(self) -> int:
        """How long it makes the history."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a run was told: of which of its commands, what came of it, and when it took notice.

    `value` is what was returned or sent (payloads), or the exception that was raised; `name` a signal's name or the
    run id of a child.
    """

    kind: Kind
    seq: int = 0
    value: Any = None
    name: str = ""
    at: datetime | None = None

    def noticed(self, at: datetime) -> Event:
        """Return the event with the instant at which the workflow took notice of it."""
        return replace(self, at=at)


@dataclass(slots=True)
class Command:
    """Something a run has asked for and waits for; `dispatch` asks the server and returns how to take that back."""

    seq: int
    kind: Kind
    future: asyncio.Future[Any]
    dispatch: Callable[[Command], Callable[[], object]]
    at: datetime
    withdraw: Callable[[], object] | None = None
    child_run: str = ""
