"""Opt-outs by the link of a mail, and their undo within 30 days (SPEC G2).

An opt-out is an event like any other (`relance.services.events`): it is in MongoDB before the request is answered, so
it holds for the next claim. A record is written first; by its instant the undo finds what the opt-out changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from relance.contracts.follow_up import InvitationEvent
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.opt_outs import OptOut, OptOutScope, OptOutStatus, OptOutWay
from relance.domain.invitations.people import Contact, ContactStatus, User
from relance.ids import is_invitation_id, parse_invitation_id
from relance.ports import Clock, Contacts, Ledger, Suppression, Suppressions, Users
from relance.ports.opt_outs import Lifting, OptOuts
from relance.services.event_plan import Outcome
from relance.services.events import EntryUnreadable, EventIntake


@dataclass(frozen=True, slots=True)
class LinkHolder:
    """The contact that the link of a mail belongs to.

    `mailboxes` are the digests of where the invitation may have gone.
    """

    invitation_id: str
    user_id: str
    contact_id: str
    user: User | None
    contact: Contact | None
    mailboxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """What a page shows to the holder of a link: the current status, and the opt-out that can be taken back."""

    holder: LinkHolder
    standing: OptOutStatus
    undoable: OptOut | None = None


@dataclass(frozen=True, slots=True)
class Unsubscribing:
    """Takes opt-outs in and takes them back; both are idempotent, so that a request after a crash is safe."""

    ledger: Ledger
    users: Users
    contacts: Contacts
    suppressions: Suppressions
    events: EventIntake
    opt_outs: OptOuts
    lifting: Lifting
    clock: Clock

    async def situation(self, invitation_id: str) -> Situation | None:
        """Return the opt-out state of an invitation's recipient; None if the invitation is unknown. Changes nothing."""
        holder = await self._holder(invitation_id)
        if holder is None:
            return None
        standing = await self._standing(holder)
        now = self.clock.now()
        actions = await self.opt_outs.of_invitation(invitation_id)
        open_ = [action for action in actions if action.may_be_undone(now) and _holds(action, standing)]
        return Situation(holder, standing, open_[-1] if open_ else None)

    async def opt_out(self, invitation_id: str, scope: OptOutScope, way: OptOutWay) -> bool:
        """Stop the invitations of one user or of everybody; return whether anything is known of this invitation."""
        holder = await self._holder(invitation_id)
        if holder is None:
            return False
        asked = OptOut(
            scope=scope,
            way=way,
            at=_stored(self.clock.now()),
            contact_was=holder.contact.status if holder.contact is not None else None,
        )
        begun = await self.opt_outs.begin(invitation_id, asked)
        event = InvitationEvent(invitation_id=invitation_id, kind=EventKind.OPTED_OUT, at=begun.at)
        [outcome] = await self._intake(scope, holder).take_all([event])
        return outcome is not Outcome.UNKNOWN

    async def undo(self, invitation_id: str, scope: OptOutScope) -> bool:
        """Take back an opt-out that was made by this link within 30 days; return whether there was one.

        Only what it has caused itself ends: a complaint, a bounce and every other opt-out stay. What was cancelled is
        not sent after all; the next invitation is.
        """
        holder, now = await self._holder(invitation_id), _stored(self.clock.now())
        actions = await self.opt_outs.of_invitation(invitation_id)
        undone = [action for action in actions if action.scope is scope and action.may_be_undone(now)]
        if holder is None or not undone:
            return False
        for action in undone:
            await self.lifting.lift(self._written(scope, holder), action.at)
        held = {*holder.mailboxes, *self.suppressions.for_sender(holder.mailboxes, holder.user_id)}
        if not await self.suppressions.known([*held]):
            for action in actions:
                if action.contact_was is ContactStatus.ACTIVE:
                    await self.lifting.reinstate(holder.contact_id, action.at, now)
        # Last of all: after a crash before this the request is repeated, and finds the same state.
        return await self.opt_outs.undo(invitation_id, scope, now, OptOutWay.PAGE)

    def _intake(self, scope: OptOutScope, holder: LinkHolder) -> EventIntake:
        if scope is OptOutScope.EVERYONE:
            return self.events
        return replace(self.events, suppressions=_OfOneSender(self.suppressions, holder.user_id))

    def _written(self, scope: OptOutScope, holder: LinkHolder) -> Sequence[str]:
        if scope is OptOutScope.EVERYONE:
            return holder.mailboxes
        return self.suppressions.for_sender(holder.mailboxes, holder.user_id)

    async def _standing(self, holder: LinkHolder) -> OptOutStatus:
        by_sender = self.suppressions.for_sender(holder.mailboxes, holder.user_id)
        known = await self.suppressions.known([*holder.mailboxes, *by_sender])
        if not known.isdisjoint(holder.mailboxes):
            return OptOutStatus.BY_NOBODY
        closed = holder.contact is not None and holder.contact.status is ContactStatus.OPTED_OUT
        return OptOutStatus.NOT_BY_SENDER if closed or known else OptOutStatus.WRITTEN_TO

    async def _holder(self, invitation_id: str) -> LinkHolder | None:
        if not is_invitation_id(invitation_id):
            return None
        key = parse_invitation_id(invitation_id)
        found = await self.ledger.by_ids([invitation_id])
        entry = found.get(invitation_id)
        reached = entry.mailboxes if entry is not None else await self.suppressions.kept(invitation_id)
        contact = (await self.contacts.by_ids([key.contact_id])).get(key.contact_id)
        if contact is not None and contact.user_id != key.user_id:
            contact = None
        if entry is None and not reached and contact is None:
            if invitation_id in found:
                # It says where the mail went, once it is mended.
                raise EntryUnreadable
            return None
        own = self.suppressions.mailboxes(contact.email) if contact is not None and contact.email else ()
        if reached and set(reached).isdisjoint(own):
            # The record names another mailbox by now: it is somebody else's.
            contact, own = None, ()
        users = await self.users.by_ids([key.user_id])
        return LinkHolder(
            invitation_id=invitation_id,
            user_id=key.user_id,
            contact_id=key.contact_id,
            user=users.get(key.user_id),
            contact=contact,
            mailboxes=tuple(dict.fromkeys([*reached, *own])),
        )


@dataclass(frozen=True, slots=True)
class _OfOneSender:
    """Suppressions for the mails of one user: the same calls with digests of their own."""

    all: Suppressions
    user_id: str

    async def add(self, address: str, reason: str, at: datetime) -> None:
        await self.suppress(self.mailboxes(address)[:1], reason, at)

    async def suppress(self, mailboxes: Sequence[str], reason: str, at: datetime) -> None:
        await self.all.suppress(self._own(mailboxes), reason, at)

    async def suppress_each(self, wanted: Sequence[Suppression]) -> None:
        own = [replace(entry, mailbox=digest) for entry in wanted for digest in self._own([entry.mailbox])]
        await self.all.suppress_each(own)

    async def known(self, mailboxes: Sequence[str]) -> set[str]:
        own = {digest: mailbox for mailbox in mailboxes for digest in self._own([mailbox])}
        return {own[digest] for digest in await self.all.known([*own])}

    async def kept(self, invitation_id: str) -> tuple[str, ...]:
        return await self.all.kept(invitation_id)

    async def suppressed(self, addresses: Sequence[str]) -> set[str]:
        return await self.all.suppressed(addresses)

    def mailboxes(self, address: str) -> tuple[str, ...]:
        return self.all.mailboxes(address)

    def for_sender(self, mailboxes: Sequence[str], user_id: str) -> tuple[str, ...]:
        return self.all.for_sender(mailboxes, user_id)

    def _own(self, mailboxes: Sequence[str]) -> tuple[str, ...]:
        return self.all.for_sender(mailboxes, self.user_id)


def _holds(opt_out: OptOut, standing: OptOutStatus) -> bool:
    wanted = OptOutStatus.BY_NOBODY if opt_out.scope is OptOutScope.EVERYONE else OptOutStatus.NOT_BY_SENDER
    return standing is wanted


def _stored(at: datetime) -> datetime:
    """Return an instant as the database keeps it: whole milliseconds."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
