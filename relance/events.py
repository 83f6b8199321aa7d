"""Events about an invitation from outside: first the database, then the follow-up (SPEC R5).

The database is the truth: once it is written, nothing more is sent, whether or not a workflow listens. The CLI and the
gateway both come in here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from relance.contracts.follow_up import InvitationEvent
from relance.domain.events import CONTACT_AFTER, ENDS_FOLLOW_UP, EventKind
from relance.domain.invitation import Invitation
from relance.domain.people import Contact
from relance.errors import NotFound
from relance.ids import is_invitation_id, parse_invitation_id
from relance.ports import Clock, Contacts, FollowUps, Ledger, Suppressions


@dataclass(frozen=True, slots=True)
class Taken:
    """What an event changed; everything False or 0 when it had been told before."""

    invitation_id: str
    kind: EventKind
    at: datetime
    entry_changed: bool
    contact_changed: bool
    others_changed: int
    follow_ups_told: int

    @property
    def sentence(self) -> str:
        """What happened, for a person."""
        what = self.kind.value.replace("_", " ")
        if not (self.entry_changed or self.contact_changed or self.others_changed):
            first = f"{self.invitation_id}: {what!r} changes nothing, it was known or has no effect any more."
        else:
            first = f"{self.invitation_id}: recorded as {what!r}."
        others = f" {self.others_changed} other invitation(s) of the contact ended with it." * bool(self.others_changed)
        return f"{first}{others} {self._told}"

    @property
    def _told(self) -> str:
        if not self.follow_ups_told:
            return "No follow-up is running for it."
        known = not (self.entry_changed or self.contact_changed or self.others_changed)
        # Whoever died between the database and the signal says it again: then this is what was missing.
        return (
            "Its follow-up still runs and was told again, in case it had not heard."
            if known
            else "Its follow-up was told."
        )


@dataclass(frozen=True, slots=True)
class EventIntake:
    """Takes in what happened to an invitation; idempotent and in any order.

    ledger: the entry moves forward. suppressions: the mailbox that opts out, complains or bounces is written to no
    more, by any user; it is the one the invitation went to, also when the contact's record names another one by now or
    is deleted. contacts: the record's status changes only while it names that mailbox. follow_ups: their timers end at
    once.
    """

    ledger: Ledger
    contacts: Contacts
    suppressions: Suppressions
    follow_ups: FollowUps
    clock: Clock

    async def take(self, invitation_id: str, kind: EventKind) -> Taken:
        """Write an event to the database and tell the follow-ups it concerns.

        An opt-out counts also when the entry was made anonymous, and for as long as its contact is there when it was
        deleted (SPEC H1). Whoever dies in between is asked again: each write says the same the second time.

        Raises:
            NotFound: the ledger has no such invitation.
        """
        concerned = await self._concerned(invitation_id, kind)
        if concerned is None:
            raise NotFound(f"INVITATION_ID: the ledger has no {invitation_id!r}; look it up with `why --contact ID`")
        event = InvitationEvent(invitation_id=invitation_id, kind=kind, at=self.clock.now())
        contact_changed = await self._close(concerned, event)
        changed = await self.ledger.apply_event(event)
        others = await self._others(concerned, event)
        told = [await self.follow_ups.tell(each) for each in (event, *others)]
        return Taken(invitation_id, kind, event.at, changed, contact_changed, len(others), sum(told))

    async def _concerned(self, invitation_id: str, kind: EventKind) -> _Concerned | None:
        entry = await self.ledger.get(invitation_id)
        if kind not in CONTACT_AFTER:
            return _Concerned(entry.contact_id) if entry is not None else None
        if entry is None and not is_invitation_id(invitation_id):
            return None
        key = parse_invitation_id(invitation_id)
        reached = entry.mailboxes if entry is not None else await self.suppressions.kept(invitation_id)
        contact = (await self.contacts.by_ids([key.contact_id])).get(key.contact_id)
        if entry is None and not reached and (contact is None or contact.user_id != key.user_id):
            return None
        own = self.suppressions.mailboxes(contact.email) if contact is not None and contact.email else ()
        if not reached:
            # Of an earlier version, or never sent: the record says who is meant.
            return _Concerned(key.contact_id, contact, frozenset(own), own[:1])
        if set(reached).isdisjoint(own):
            return _Concerned(key.contact_id, None, frozenset(reached), reached, moved=True)
        return _Concerned(key.contact_id, contact, frozenset({*reached, *own}), reached)

    async def _close(self, concerned: _Concerned, event: InvitationEvent) -> bool:
        status = CONTACT_AFTER.get(event.kind)
        if status is None:
            return False
        await self.suppressions.suppress(concerned.to_suppress, event.kind, event.at)
        if concerned.moved:
            return False
        contact = concerned.contact
        address = contact.email if contact is not None and contact.email else None
        return await self.contacts.set_status(concerned.contact_id, status, event.kind, event.at, address=address)

    async def _others(self, concerned: _Concerned, event: InvitationEvent) -> list[InvitationEvent]:
        if event.kind not in ENDS_FOLLOW_UP - {EventKind.SUBMITTED}:
            return []
        others = [
            event.model_copy(update={"invitation_id": other.id})
            for other in await self.ledger.of_contact(concerned.contact_id)
            if other.id != event.invitation_id and concerned.is_about(other)
        ]
        return [each for each in others if await self.ledger.apply_event(each)]


@dataclass(frozen=True, slots=True)
class _Concerned:
    """Whom an event is about: the mailbox by all its known digests, and the contact's record as far as it is his.

    `moved` says that the record does not name it: it names another one, or is deleted.
    """

    contact_id: str
    contact: Contact | None = None
    mailboxes: frozenset[str] = frozenset()
    to_suppress: tuple[str, ...] = ()
    moved: bool = False

    def is_about(self, other: Invitation) -> bool:
        """Tell whether another invitation of the contact is about the same mailbox."""
        if other.mailboxes and self.mailboxes:
            return other.may_have_reached(self.mailboxes)
        return not self.moved
