"""What the console keeps, and how it hears of changes (SPEC section 15)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from relance.domain.console.people import Grounds, Role, SignedInPerson

NO_GROUNDS = Grounds()


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """A person who is signed in; `csrf` is what forms of this session carry, `grounds` why there was a role."""

    person: SignedInPerson
    csrf: str
    expires_at: datetime
    grounds: Grounds = NO_GROUNDS


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A session as an administrator sees it; `begun_at` is None for one of an earlier version."""

    person: SignedInPerson
    begun_at: datetime | None
    expires_at: datetime


class Sessions(Protocol):
    """Sessions, found by the secret that is in the browser's cookie; it is not stored itself."""

    async def begin(
        self, person: SignedInPerson, expires_at: datetime, grounds: Grounds = NO_GROUNDS
    ) -> tuple[str, ConsoleSession]:
        """Store a session; return its secret with it."""

    async def find(self, secret: str, now: datetime) -> ConsoleSession | None:
        """Return the session of a secret that holds now."""

    async def end(self, secret: str) -> None:
        """Forget a session."""

    async def listed(self, now: datetime) -> list[ListedSession]:
        """Return the sessions that hold now, by name."""

    async def end_of(self, name: str | None) -> int:
        """Forget all sessions of a person, or of everybody; return how many there were."""


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


class WorkState(StrEnum):
    """How background work stands; `lost` is what ended with its process, which nobody has written down."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class BackgroundWork:
    """What was begun on a page and takes a while; `result` is plain data.

    `id` names the question: asked again it is the same work, done anew. `run` is its newest doing, and `beat_at` when
    the process that does it was seen last.
    """

    id: str
    kind: str
    by: str
    at: datetime
    asked: Mapping[str, str]
    run: str = ""
    beat_at: datetime | None = None
    state: WorkState = WorkState.RUNNING
    done: int = 0
    total: int = 0
    error: str = ""
    result: Mapping[str, Any] | None = None

    def seen_at(self, now: datetime, lease: timedelta) -> BackgroundWork:
        """Return it as it is now: lost if nobody has been seen doing it for so long."""
        if self.state is WorkState.RUNNING and now - (self.beat_at or self.at) > lease:
            return replace(self, state=WorkState.LOST)
        return self


class Works(Protocol):
    """Background work, seen by every process: the one that shows it may be another than the one that does it.

    What a run that was replaced still says changes nothing.
    """

    async def begin(self, work: BackgroundWork, *, lost_before: datetime, expires_at: datetime) -> bool:
        """Store that it has begun; return False if it is being done and its process was seen after `lost_before`."""

    async def beat(self, work: BackgroundWork, at: datetime) -> None:
        """Store that its process is alive."""

    async def advance(self, work: BackgroundWork, done: int, total: int) -> None:
        """Store how far it is."""

    async def end(
        self, work: BackgroundWork, state: WorkState, *, result: Mapping[str, Any] | None = None, error: str = ""
    ) -> None:
        """Store what came of it, or why nothing did."""

    async def newest(self, kind: str, limit: int) -> list[BackgroundWork]:
        """Return the newest of a kind, newest first."""
