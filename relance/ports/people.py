"""The application's users and contacts, and the suppressions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from relance.domain.invitations.people import Contact, ContactStatus, User

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a keyset scan; `quarantined` counts the documents set aside as invalid."""

    items: list[T]
    last_id: str
    quarantined: int = 0


class Users(Protocol):
    """The application's users; read only."""

    def pages(self, *, after: str | None = None, size: int = 500) -> AsyncIterator[Page[User]]:
        """Yield every valid user in order of id, after the given id."""

    async def by_ids(self, ids: Sequence[str]) -> dict[str, User]:
        """Return the valid users among these, by id."""


class Contacts(Protocol):
    """The application's contacts; we write their status only."""

    @property
    def per_user(self) -> int:
        """How many contacts of a user are looked at (`domain.bounds`)."""

    async def of_users(self, user_ids: Sequence[str]) -> dict[str, list[Contact]]:
        """Return each user's valid contacts among his first in order of id, by user id; invalid ones are quarantined.

        All of them are in memory at once: `domain.bounds.parts` cuts users with large address books into parts.
        """

    async def sizes(self, user_ids: Sequence[str]) -> dict[str, int]:
        """Return how many contacts each user has, beyond the first as well, in the order of the users."""

    async def is_beyond(self, contact: Contact) -> bool:
        """Return whether a contact is not among the first of its user."""

    async def count_of_users(self, user_ids: Sequence[str]) -> int:
        """Count the contacts of these users, whatever they are like."""

    async def by_ids(self, ids: Sequence[str]) -> dict[str, Contact]:
        """Return the valid contacts among these, by id."""

    async def set_status(
        self, contact_id: str, status: ContactStatus, reason: str, at: datetime, *, address: str | None = None
    ) -> bool:
        """Set a contact's status; return whether it was another one before.

        With an address only while the record names it: what is known of one mailbox says nothing about another.
        """

    async def set_statuses(self, changes: Sequence[StatusChange]) -> None:
        """Set the status of several contacts, each at most once, in one durable round trip."""


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A contact's new status; with an address only while the record names it (`Contacts.set_status`)."""

    contact_id: str
    status: ContactStatus
    reason: str
    at: datetime
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Suppression:
    """A mailbox, by what the ledger knows it by, that is written to no more."""

    mailbox: str
    reason: str
    at: datetime


class Suppressions(Protocol):
    """The suppressed mailboxes, stored as keyed hashes (SPEC section 13)."""

    async def add(self, address: str, reason: str, at: datetime) -> None:
        """Suppress an address; the first reason stays."""

    async def suppress(self, mailboxes: Sequence[str], reason: str, at: datetime) -> None:
        """Suppress mailboxes by what the ledger knows them by (`Invitation.mailboxes`); the first reason stays."""

    async def suppress_each(self, wanted: Sequence[Suppression]) -> None:
        """Suppress several mailboxes in one durable round trip; of each the first reason stays."""

    async def known(self, mailboxes: Sequence[str]) -> set[str]:
        """Return those of the mailboxes that are suppressed."""

    def for_sender(self, mailboxes: Sequence[str], user_id: str) -> tuple[str, ...]:
        """Return what mailboxes are suppressed by as far as one user writes to them: the claim looks at both."""

    def mailboxes(self, address: str) -> tuple[str, ...]:
        """Return what the ledger may know an address by, newest key first."""

    async def kept(self, invitation_id: str) -> tuple[str, ...]:
        """Return the mailboxes of an invitation that has lost its names; none if it has not, or is deleted."""

    async def suppressed(self, addresses: Sequence[str]) -> set[str]:
        """Return those of the addresses that are suppressed."""
