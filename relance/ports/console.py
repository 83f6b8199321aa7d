"""What the console keeps, and how it hears of changes (SPEC section 15)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from relance.domain.console.people import Role, SignedInPerson


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """A person who is signed in; `csrf` is what forms of this session carry."""

    person: SignedInPerson
    csrf: str
    expires_at: datetime


class Sessions(Protocol):
    """Sessions, found by the secret that is in the browser's cookie; it is not stored itself."""

    async def begin(self, person: SignedInPerson, expires_at: datetime) -> tuple[str, ConsoleSession]:
        """Store a session; return its secret with it."""

    async def find(self, secret: str, now: datetime) -> ConsoleSession | None:
        """Return the session of a secret that holds now."""

    async def end(self, secret: str) -> None:
        """Forget a session."""


class SignIns(Protocol):
    """Sign-ins that have begun: each is kept under a secret for some minutes and can be taken once."""

    async def offer(self, name: str, role: Role, expires_at: datetime) -> str:
        """Store that somebody may sign in under this name and role; return the secret of the link."""

    async def keep(self, state: str, detail: Mapping[str, str], expires_at: datetime) -> None:
        """Store what a sign-in elsewhere has to be compared with when it comes back, by its state."""

    async def look_up(self, secret: str, now: datetime) -> Mapping[str, str] | None:
        """Return what is stored under a secret, and leave it there."""

    async def take(self, secret: str, now: datetime) -> Mapping[str, str] | None:
        """Return what is stored under a secret and forget it: a second call gets None."""


class Topic(StrEnum):
    """What changes, as far as pages tell it apart."""

    CONTROL = "control"
    ALERTS = "alerts"
    JOBS = "jobs"
    HEALTH = "health"
    QUARANTINE = "quarantine"
    CHAT = "chat"
    INTAKE = "intake"
    WORK = "work"


class Changes(Protocol):
    """The changes of the database."""

    def watch(self) -> AsyncIterator[Collection[Topic]]:
        """Yield what has changed, several changes at once; all topics first, and after each interruption."""


@dataclass(frozen=True, slots=True)
class BackgroundWork:
    """What was begun on a page and takes a while; `state` is `running`, `done` or `failed`, `result` is plain data."""

    id: str
    kind: str
    by: str
    at: datetime
    asked: Mapping[str, str]
    state: str = "running"
    done: int = 0
    total: int = 0
    error: str = ""
    result: Mapping[str, Any] | None = None


class Works(Protocol):
    """Background work, seen by every process: the one that shows it may be another than the one that does it."""

    async def begin(self, work: BackgroundWork, expires_at: datetime) -> None:
        """Store that it has begun."""

    async def advance(self, work_id: str, done: int, total: int) -> None:
        """Store how far it is."""

    async def end(self, work_id: str, *, result: Mapping[str, Any] | None = None, error: str = "") -> None:
        """Store what came of it, or why nothing did."""

    async def newest(self, kind: str, limit: int) -> list[BackgroundWork]:
        """Return the newest of a kind, newest first."""
