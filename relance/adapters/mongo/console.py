"""The sessions and sign-ins of the console. Only hashes of their secrets are stored: a copy of the database lets in
nobody.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from relance.adapters.mongo.documents import Collection, MotorDatabase, Raw
from relance.adapters.mongo.errors import translated
from relance.domain.console.people import Grounds, Role, SignedInPerson
from relance.ports.console import NO_GROUNDS, ConsoleSession, ListedSession

SECRET_BYTES = 32


class MongoSessions:
    """`ports.console.Sessions` over the collection `consoleSessions`, whose index forgets what has expired."""

    def __init__(self, database: MotorDatabase) -> None:
        self._collection: Collection = database.consoleSessions

    async def begin(
        self, person: SignedInPerson, expires_at: datetime, grounds: Grounds = NO_GROUNDS
    ) -> tuple[str, ConsoleSession]:
        """Store a session; return its secret with it."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        csrf = secrets.token_urlsafe(SECRET_BYTES)
        session = ConsoleSession(person=person, csrf=csrf, expires_at=expires_at, grounds=grounds)
        with translated("begin a session"):
            await self._collection.insert_one(
                {
                    "_id": _hashed(secret),
                    "name": person.name,
                    "role": person.role.value,
                    "way": person.way,
                    "values": list(grounds.values),
                    "domain": grounds.domain,
                    "csrf": csrf,
                    "begunAt": datetime.now(UTC),
                    "expiresAt": expires_at,
                }
            )
        return secret, session

    async def find(self, secret: str, now: datetime) -> ConsoleSession | None:
        """Return the session of a secret that holds now."""
        with translated("find a session"):
            raw = await self._collection.find_one({"_id": _hashed(secret), "expiresAt": {"$gt": now}})
        if raw is None:
            return None
        grounds = Grounds(tuple(raw.get("values", ())), raw.get("domain", ""))
        return ConsoleSession(person=_person(raw), csrf=raw["csrf"], expires_at=raw["expiresAt"], grounds=grounds)

    async def end(self, secret: str) -> None:
        """Forget a session."""
        with translated("end a session"):
            await self._collection.delete_one({"_id": _hashed(secret)})

    async def listed(self, now: datetime) -> list[ListedSession]:
        """Return the sessions that hold now, by name."""
        with translated("list sessions"):
            found = await self._collection.find({"expiresAt": {"$gt": now}}).sort("name", 1).to_list(None)
        return [ListedSession(_person(raw), raw.get("begunAt"), raw["expiresAt"]) for raw in found]

    async def end_of(self, name: str | None) -> int:
        """Forget all sessions of a person, or of everybody; return how many there were."""
        with translated("end sessions"):
            ended = await self._collection.delete_many({"name": name} if name is not None else {})
        return int(ended.deleted_count)


class MongoSignIns:
    """`ports.console.SignIns` over the collection `consoleSignIns`."""

    def __init__(self, database: MotorDatabase) -> None:
        self._collection: Collection = database.consoleSignIns

    async def offer(self, name: str, role: Role, expires_at: datetime) -> str:
        """Store that somebody may sign in under this name and role; return the secret of the link."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        await self.keep(secret, {"name": name, "role": role.value}, expires_at)
        return secret

    async def keep(self, state: str, detail: Mapping[str, str], expires_at: datetime) -> None:
        """Store what a sign-in elsewhere has to be compared with when it comes back, by its state."""
        with translated("begin a sign-in"):
            await self._collection.insert_one({"_id": _hashed(state), "detail": dict(detail), "expiresAt": expires_at})

    async def look_up(self, secret: str, now: datetime) -> Mapping[str, str] | None:
        """Return what is stored under a secret, and leave it there."""
        with translated("look up a sign-in"):
            return _detail(await self._collection.find_one(_held(secret, now)))

    async def take(self, secret: str, now: datetime) -> Mapping[str, str] | None:
        """Return what is stored under a secret and forget it: a second call gets None."""
        with translated("end a sign-in"):
            return _detail(await self._collection.find_one_and_delete(_held(secret, now)))


def _person(raw: Raw) -> SignedInPerson:
    return SignedInPerson(name=raw["name"], role=Role(raw["role"]), way=raw["way"])


def _held(secret: str, now: datetime) -> Raw:
    return {"_id": _hashed(secret), "expiresAt": {"$gt": now}}


def _detail(raw: Raw | None) -> Mapping[str, str] | None:
    return raw["detail"] if raw is not None else None


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
