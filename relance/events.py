"""Events about an invitation from outside: first the database, then the follow-up (SPEC R5).

The database is the truth: once it is written, nothing more is sent, whether or not a workflow listens. The CLI and the
gateway both come in here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from relance.contracts.follow_up import InvitationEvent
from relance.domain.events import CONTACT_AFTER, ENDS_FOLLOW_UP, EventKind
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
            first = f"{self.invitation_id}: nothing to change for {what!r}, it was known or has no effect any more."
        else:
            first = f"{self.invitation_id}: recorded as {what!r}."
        others = f" {self.others_changed} other invitation(s) of the contact ended with it." * bool(self.others_changed)
        told = "Its follow-up was told." if self.follow_ups_told else "No follow-up is running for it."
        return f"{first}{others} {told}"


@dataclass(frozen=True, slots=True)
class EventIntake:
    """Takes in what happened to an invitation; idempotent and in any order.

    ledger: the entry moves forward. contacts, suppressions: whoever opts out, complains or bounces is written to no
    more, by any user. follow_ups: their timers end at once.
    """

    ledger: Ledger
    contacts: Contacts
    suppressions: Suppressions
    follow_ups: FollowUps
    clock: Clock

    async def take(self, invitation_id: str, kind: EventKind) -> Taken:
        """Write an event to the database and tell the follow-ups it concerns.

        An opt-out counts for as long as its contact is there, also when the entry was cleaned up long ago (SPEC H1).

        Raises:
            NotFound: the ledger has no such invitation.
        """
        contact_id = await self._contact_of(invitation_id, kind)
        if contact_id is None:
            raise NotFound(f"INVITATION_ID: the ledger has no {invitation_id!r}; look it up with `why --contact ID`")
        event = InvitationEvent(invitation_id=invitation_id, kind=kind, at=self.clock.now())
        contact_changed = await self._close_contact(contact_id, event)
        changed = await self.ledger.apply_event(event)
        others = await self._others(contact_id, event)
        told = [await self.follow_ups.tell(each) for each in (event, *others)]
        return Taken(invitation_id, kind, event.at, changed, contact_changed, len(others), sum(told))

    async def _contact_of(self, invitation_id: str, kind: EventKind) -> str | None:
        entry = await self.ledger.get(invitation_id)
        if entry is not None:
            return entry.contact_id
        if kind not in CONTACT_AFTER or not is_invitation_id(invitation_id):
            return None
        key = parse_invitation_id(invitation_id)
        contact = (await self.contacts.by_ids([key.contact_id])).get(key.contact_id)
        return key.contact_id if contact is not None and contact.user_id == key.user_id else None

    async def _close_contact(self, contact_id: str, event: InvitationEvent) -> bool:
        status = CONTACT_AFTER.get(event.kind)
        if status is None:
            return False
        contact = (await self.contacts.by_ids([contact_id])).get(contact_id)
        if contact is not None and contact.email:
            await self.suppressions.add(contact.email, event.kind, event.at)
        return await self.contacts.set_status(contact_id, status, event.kind, event.at)

    async def _others(self, contact_id: str, event: InvitationEvent) -> list[InvitationEvent]:
        if event.kind not in ENDS_FOLLOW_UP - {EventKind.SUBMITTED}:
            return []
        others = [
            event.model_copy(update={"invitation_id": other.id})
            for other in await self.ledger.of_contact(contact_id)
            if other.id != event.invitation_id
        ]
        return [each for each in others if await self.ledger.apply_event(each)]
