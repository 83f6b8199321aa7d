"""Plans the writes of several events together, from documents that were read before any write (SPEC R5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from relance.contracts.follow_up import InvitationEvent
from relance.domain.invitations.entry_changes import EntryChange, Folding
from relance.domain.invitations.events import CONTACT_AFTER
from relance.domain.invitations.invitation import Invitation
from relance.domain.invitations.people import Contact
from relance.ports import StatusChange, Suppression


class Outcome(StrEnum):
    """What became of an event: taken, known before or without effect, or of no invitation of ours.

    UNREADABLE is never an answer: of an entry that is in quarantine nothing can be said until it is mended.
    """

    TAKEN = "taken"
    KNOWN = "known"
    UNKNOWN = "unknown_invitation"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Concerned:
    """The mailbox and the contact of an event. The mailbox is given by all its known digests.

    `moved` says that the contact's record does not name this mailbox: it names another mailbox, or is deleted.
    """

    contact_id: str
    contact: Contact | None = None
    mailboxes: frozenset[str] = frozenset()
    to_suppress: tuple[str, ...] = ()
    moved: bool = False

    def is_about(self, other: Invitation) -> bool:
        """Return whether another invitation of the contact is about the same mailbox."""
        if other.mailboxes and self.mailboxes:
            return other.may_have_reached(self.mailboxes)
        return not self.moved


@dataclass(slots=True)
class EventPlan:
    """The writes, and the outcome of each event; `since` is when the events arrived."""

    since: datetime
    outcomes: list[Outcome] = field(default_factory=list)
    suppressions: list[Suppression] = field(default_factory=list)
    statuses: dict[str, StatusChange] = field(default_factory=dict)
    entries: dict[str, Folding] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)

    @property
    def changes(self) -> list[EntryChange]:
        """The changes of entries."""
        return [change for entry in self.entries.values() if (change := entry.change) is not None]

    @property
    def writes(self) -> bool:
        """Whether anything is to be written."""
        return bool(self.changes or self.suppressions or self.statuses)

    def add(self, event: InvitationEvent, known: Known) -> None:
        """Decide what one more event does; the order of events counts."""
        concerned = known.concerned.get((event.invitation_id, event.kind))
        if concerned is None:
            is_there = event.invitation_id in known.unreadable
            self.outcomes.append(Outcome.UNREADABLE if is_there else Outcome.UNKNOWN)
            return
        closed = self._close(concerned, event, known)
        own = self._fold(known.entries.get(event.invitation_id), event)
        others = event.kind in CONTACT_AFTER and [
            self._fold(other, event)
            for other in known.of_contacts.get(concerned.contact_id, ())
            if other.id != event.invitation_id and concerned.is_about(other)
        ]
        self.outcomes.append(Outcome.TAKEN if closed or own or (others and any(others)) else Outcome.KNOWN)

    def _close(self, concerned: Concerned, event: InvitationEvent, known: Known) -> bool:
        status = CONTACT_AFTER.get(event.kind)
        if status is None:
            return False
        wanted = [Suppression(mailbox, event.kind, event.at) for mailbox in concerned.to_suppress]
        self.suppressions += wanted
        new = {entry.mailbox for entry in wanted} - known.suppressed - self.fresh
        self.fresh |= new
        if concerned.moved or concerned.contact is None:
            return bool(new)
        contact = concerned.contact
        before = self.statuses[contact.id].status if contact.id in self.statuses else contact.status
        if before == status:
            return bool(new)
        self.statuses[contact.id] = StatusChange(
            contact_id=contact.id,
            status=status,
            reason=event.kind,
            at=event.at,
            address=contact.email or None,
        )
        return True

    def _fold(self, entry: Invitation | None, event: InvitationEvent) -> bool:
        if entry is None:
            return False
        folding = self.entries.setdefault(entry.id, Folding(entry, self.since))
        return folding.add(event.kind, event.at)


@dataclass(frozen=True, slots=True)
class Known:
    """The documents that were read: entries by id, the entries of closed contacts, and the mailbox of each event.

    `unreadable` are the ids of entries that are there and cannot be read.
    """

    entries: Mapping[str, Invitation]
    of_contacts: Mapping[str, Sequence[Invitation]]
    concerned: Mapping[tuple[str, str], Concerned]
    suppressed: set[str]
    unreadable: Set[str] = frozenset()
