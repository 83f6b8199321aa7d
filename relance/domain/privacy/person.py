"""A person who asks what is kept about him, or to be forgotten (SPEC section 13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from pydantic import Field

from relance.domain.base import Document, Id, Utc

FORGOTTEN = "forgotten"
"""Why an entry or a plan was cancelled, a mailbox suppressed, and a contact blocked."""

STALE = timedelta(minutes=15)
"""Longer than a relay may take to answer (RFC 5321 4.5.3.2.6): whoever claimed a mail before is dead."""


class PersonScope(StrEnum):
    """By what a person is named: as one user's contact, as a user, or by the mailbox with everything it is part of."""

    CONTACT = "contact"
    USER = "user"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is meant: ids of the application, and the keyed digests of the mailboxes that are his alone to close.

    `mailboxes` may be empty: of a contact that is deleted and was never written to nobody knows one.
    """

    scope: PersonScope
    contacts: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    mailboxes: tuple[str, ...] = ()


class ErasureWork(Document):
    """Whom an erasure is about, and the key that replaces the ids; deleted with the last step."""

    contacts: tuple[Id, ...] = ()
    users: tuple[Id, ...] = ()
    mailboxes: tuple[str, ...] = ()
    key: str


class Erasure(Document):
    """The record that a person was forgotten: who asked, when, why, and how much; no personal data.

    `subject` are keyed digests of the mailbox and of the id that was named, so that the same question later finds it.
    `found` counts by store what there was when it began. `work` is gone once everything is done.
    """

    id: str = Field(alias="_id")
    scope: PersonScope
    subject: tuple[str, ...]
    by: str
    reason: str
    at: Utc
    found: Mapping[str, int] | None = None
    done_at: Utc | None = None
    work: ErasureWork | None = None

    @property
    def person(self) -> Person:
        """Whom it is about; nobody once it is done."""
        if self.work is None:
            return Person(self.scope)
        work = self.work
        return Person(self.scope, frozenset(work.contacts), frozenset(work.users), tuple(work.mailboxes))

    def answers(self, scope: PersonScope, named: Sequence[str]) -> bool:
        """Return whether somebody was forgotten who was named in the same way, by the same id or mailbox.

        Another user's contact with the same mailbox is another contact; a mailbox is more than one of its contacts.
        """
        return self.scope is scope and not set(self.subject).isdisjoint(named)
