"""Events about an invitation from outside: first the database, then the follow-up (SPEC R5).

The database is the truth: once it is written, nothing more is sent, whether or not a workflow listens. The CLI and the
gateway both call this module.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from relance.contracts.follow_up import InvitationEvent
from relance.domain.invitations.events import CONTACT_AFTER, EventKind
from relance.domain.invitations.invitation import Invitation
from relance.domain.invitations.people import Contact
from relance.errors import DependencyUnavailable, NotFound
from relance.ids import is_invitation_id, parse_invitation_id
from relance.ports import Clock, Contacts, FollowUps, Ledger, Outbox, Suppressions
from relance.services.event_plan import Concerned, EventPlan, Known, Outcome


def _nobody(_: Sequence[InvitationEvent]) -> None:
    """Leave the notices to the process that reads the outbox."""


class EntryUnreadable(DependencyUnavailable):
    """The entry of an event is in quarantine: the event must be sent again, and counts once the entry is repaired."""

    def __init__(self) -> None:
        super().__init__("invitations", "an entry cannot be read; see `starter.py quarantine list`")


@dataclass(frozen=True, slots=True)
class EventResult:
    """What an event changed; everything is False or 0 for a repeated event."""

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
        return f"{first}{others} {self._notified}"

    @property
    def _notified(self) -> str:
        if not self.follow_ups_told:
            return "No follow-up is running for it."
        known = not (self.entry_changed or self.contact_changed or self.others_changed)
        # After a crash between the database and the signal the event is repeated: then only the signal was missing.
        return (
            "Its follow-up still runs and was told again, in case it had not heard."
            if known
            else "Its follow-up was told."
        )


@dataclass(frozen=True, slots=True)
class EventIntake:
    """Applies events to invitations. It is idempotent, and events may come in any order.

    ledger: the entry moves forward. suppressions: the mailbox that opts out, complains or bounces is written to no
    more, by any user; it is the one the invitation went to, also when the contact's record names another one by now or
    is deleted. contacts: the record's status changes only while it names that mailbox. follow_ups: their timers end at
    once. outbox: whom `take` has notified is in it no more. notify: gets what `take_all` has left in the outbox.
    """

    ledger: Ledger
    contacts: Contacts
    suppressions: Suppressions
    follow_ups: FollowUps
    clock: Clock
    outbox: Outbox | None = None
    notify: Callable[[Sequence[InvitationEvent]], None] = _nobody

    async def take(self, invitation_id: str, kind: EventKind) -> EventResult:
        """Write an event to the database and notify the follow-ups it concerns.

        An opt-out counts also when the entry was made anonymous, and for as long as its contact is there when it was
        deleted (SPEC H1). A process that dies in between is asked again, or the outbox is: each write says the same the
        second time.

        Raises:
            NotFound: the ledger has no such invitation.
            EntryUnreadable: it has, and it cannot be read.
        """
        event = InvitationEvent(invitation_id=invitation_id, kind=kind, at=self.clock.now())
        plan = await self.plan([event])
        if plan.outcomes == [Outcome.UNKNOWN]:
            raise NotFound(f"INVITATION_ID: the ledger has no {invitation_id!r}; look it up with `why --contact ID`")
        if plan.outcomes == [Outcome.UNREADABLE]:
            raise EntryUnreadable
        notices = await self.apply(plan)
        others = [notice for notice in notices if notice.invitation_id != invitation_id]
        notified = [await self.follow_ups.notify(each) for each in (event, *others)]
        if self.outbox is not None:
            await self.outbox.done(notices)
        changed = [change.invitation.id for change in plan.changes if change.fields]
        return EventResult(
            invitation_id=invitation_id,
            kind=kind,
            at=event.at,
            entry_changed=invitation_id in changed,
            contact_changed=bool(plan.statuses),
            others_changed=len([changed_id for changed_id in changed if changed_id != invitation_id]),
            follow_ups_told=sum(notified),
        )

    async def take_all(self, events: Sequence[InvitationEvent]) -> list[Outcome]:
        """Write events to the database, in as many round trips as for a single one; return what became of each.

        Their follow-ups are notified afterwards, out of the outbox: nobody waits for Temporal.

        Raises:
            DependencyUnavailable: the database, or EntryUnreadable; some may be written, and all may be said again.
        """
        plan = await self.plan(events)
        self.notify(await self.apply(plan))
        if Outcome.UNREADABLE in plan.outcomes:
            raise EntryUnreadable
        return plan.outcomes

    async def plan(self, events: Sequence[InvitationEvent]) -> EventPlan:
        """Read what events are about, and decide what they do; changes nothing."""
        known = await self._known(events)
        plan = EventPlan(self.clock.now())
        for event in events:
            plan.add(event, known)
        return plan

    async def apply(self, plan: EventPlan) -> list[InvitationEvent]:
        """Write what was decided, all of it at once; return the notices that are in the outbox now.

        Who dies in between is asked again by the caller, who has no answer: each write says the same the second time.
        """
        changes = plan.changes
        lost, _, _ = await asyncio.gather(
            self.ledger.apply_changes(changes),
            self.suppressions.suppress_each(plan.suppressions),
            self.contacts.set_statuses([*plan.statuses.values()]),
        )
        for change in lost:
            for kind, at in change.events:
                await self.ledger.apply_event(InvitationEvent(invitation_id=change.invitation.id, kind=kind, at=at))
        return [
            InvitationEvent(invitation_id=change.invitation.id, kind=EventKind(change.notice.kind), at=change.notice.at)
            for change in changes
            if change.notice is not None
        ]

    async def _known(self, events: Sequence[InvitationEvent]) -> Known:
        ids = [*{event.invitation_id for event in events}]
        closing = {event.invitation_id for event in events if event.kind in CONTACT_AFTER}
        closing = {invitation_id for invitation_id in closing if is_invitation_id(invitation_id)}
        people = [*{parse_invitation_id(invitation_id).contact_id for invitation_id in closing}]
        read, contacts, of_contacts = await asyncio.gather(
            self.ledger.by_ids(ids), self._contacts(people), self._entries_of(people)
        )
        entries = {invitation_id: entry for invitation_id, entry in read.items() if entry is not None}
        kept = {
            invitation_id: await self.suppressions.kept(invitation_id)
            for invitation_id in closing
            if invitation_id not in entries
        }
        concerned: dict[tuple[str, str], Concerned] = {}
        for event in events:
            who = self._concerned(event, entries.get(event.invitation_id), contacts, kept)
            if who is not None:
                concerned[event.invitation_id, event.kind] = who
        # Mailboxes that the contact's record names need no look-up.
        doubtful = {
            box for person in concerned.values() if person.moved or person.contact is None for box in person.to_suppress
        }
        known = await self.suppressions.known([*doubtful]) if doubtful else set()
        sure = {box for person in concerned.values() for box in person.to_suppress} - doubtful
        return Known(entries, of_contacts, concerned, known | sure, read.keys() - entries.keys())

    async def _contacts(self, ids: Sequence[str]) -> Mapping[str, Contact]:
        return await self.contacts.by_ids(ids) if ids else {}

    async def _entries_of(self, ids: Sequence[str]) -> Mapping[str, Sequence[Invitation]]:
        return await self.ledger.of_contacts(ids) if ids else {}

    def _concerned(
        self,
        event: InvitationEvent,
        entry: Invitation | None,
        contacts: Mapping[str, Contact],
        kept: Mapping[str, tuple[str, ...]],
    ) -> Concerned | None:
        if event.kind not in CONTACT_AFTER:
            return Concerned(entry.contact_id) if entry is not None else None
        if not is_invitation_id(event.invitation_id):
            return None
        key = parse_invitation_id(event.invitation_id)
        reached = entry.mailboxes if entry is not None else kept.get(event.invitation_id, ())
        contact = contacts.get(key.contact_id)
        if entry is None and not reached and (contact is None or contact.user_id != key.user_id):
            return None
        own = self.suppressions.mailboxes(contact.email) if contact is not None and contact.email else ()
        if not reached:
            # Of an earlier version, or never sent: the record says who is meant.
            return Concerned(key.contact_id, contact, frozenset(own), own[:1])
        if set(reached).isdisjoint(own):
            return Concerned(contact_id=key.contact_id, mailboxes=frozenset(reached), to_suppress=reached, moved=True)
        return Concerned(key.contact_id, contact, frozenset({*reached, *own}), reached)
