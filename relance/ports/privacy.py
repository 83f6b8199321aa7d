"""What is kept about one person, store by store, and the records of who was forgotten (SPEC section 13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from relance.domain.privacy.person import Erasure, Person


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """An invitation of a person, as far as its follow-up is concerned."""

    id: str
    period: str
    user_id: str


@dataclass(frozen=True, slots=True)
class PersonLookup:
    """Who was found, and which users the application has active.

    `named` are keyed digests of what the person was named by, an id or a mailbox; `subject` those and the person's
    mailboxes. By `subject` every record about the person is found, by `named` those of the same question.
    """

    person: Person
    named: tuple[str, ...]
    subject: tuple[str, ...]
    active_users: tuple[str, ...] = ()


class PersonData(Protocol):
    """Every collection that may hold something about a person."""

    async def of_contact(self, contact_id: str) -> PersonLookup:
        """Return who a contact is."""

    async def of_user(self, user_id: str) -> PersonLookup:
        """Return who a user is."""

    async def of_address(self, address: str) -> PersonLookup:
        """Return everybody with a mailbox, however its address is written."""

    async def survey(self, person: Person) -> Mapping[str, int]:
        """Count what there is, by store; changes nothing."""

    async def documents(self, person: Person) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Return what there is, by store; what would name somebody else is masked."""

    async def entries(self, person: Person) -> Sequence[PersonEntry]:
        """Return the person's invitations that still bear names."""

    async def close(self, person: Person, at: datetime) -> int:
        """Suppress the mailboxes and cancel what waits; return how much is being sent just now and must be waited for.

        From here on no claim about this person succeeds. Doing it again changes nothing.
        """

    async def erase(self, person: Person, key: str, at: datetime) -> None:
        """Delete or make anonymous everything, what leads to the rest last; doing it again does what is missing."""


class Erasures(Protocol):
    """The records of who was forgotten."""

    async def begin(self, erasure: Erasure) -> None:
        """Write a record before anything is done."""

    async def get(self, erasure_id: str) -> Erasure | None:
        """Return a record."""

    async def about(self, subject: Sequence[str]) -> list[Erasure]:
        """Return the records that bear one of these digests, newest first."""

    async def listed(self, limit: int) -> list[Erasure]:
        """Return the newest records."""

    async def unfinished(self, before: datetime) -> list[Erasure]:
        """Return records begun before an instant whose work is not done."""

    async def note_found(self, erasure_id: str, found: Mapping[str, int]) -> None:
        """Note how much there is, once: a later attempt finds less."""

    async def finish(self, erasure_id: str, at: datetime) -> None:
        """Note when everything was done; the first time stays."""

    async def drop_work(self, erasure_id: str) -> None:
        """Forget whom it was about, and the key."""


class PersonFollowUps(Protocol):
    """A person's part in the follow-up workflows."""

    async def survey(self, person: Person, entries: Sequence[PersonEntry]) -> int:
        """Count the workflows that hold this person."""

    async def forget(self, person: Person, entries: Sequence[PersonEntry], at: datetime) -> None:
        """Delete a user's follow-ups with their histories; end a contact's part, and delete those that have ended."""


class Forgettings(Protocol):
    """The workflows that forget people."""

    async def start(self, erasure_id: str) -> bool:
        """Start the workflow of a record; return False if it runs."""
