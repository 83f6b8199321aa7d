"""Explains why an invitation was sent or not, from the database alone, for `why` and the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from relance import ids
from relance.domain.invitations.invitation import Invitation
from relance.domain.invitations.reminders import ReminderTiming
from relance.domain.zones import is_zone
from relance.errors import NotFound
from relance.ports import Clock, Contacts, Controls, Ledger, Plans, Quarantine, Suppressions, Users
from relance.ports.mail_intake import IntakeMessages
from relance.wording.explain import explain_invitation
from relance.wording.returned import explain_reports

EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Explained:
    """An invitation (None before it has an entry) and the sentences that explain it."""

    invitation: Invitation | None
    sentences: list[str]


class ExplainingStores(Protocol):
    """What is asked; a database has all of it."""

    @property
    def ledger(self) -> Ledger: ...  # noqa: D102
    @property
    def users(self) -> Users: ...  # noqa: D102
    @property
    def contacts(self) -> Contacts: ...  # noqa: D102
    @property
    def plans(self) -> Plans: ...  # noqa: D102
    @property
    def suppressions(self) -> Suppressions: ...  # noqa: D102
    @property
    def controls(self) -> Controls: ...  # noqa: D102
    @property
    def quarantine(self) -> Quarantine: ...  # noqa: D102
    @property
    def intake_messages(self) -> IntakeMessages: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Explaining:
    """Explains an invitation with the current user, contact, plan, opt-outs, cycle and delivery reports."""

    stores: ExplainingStores
    clock: Clock
    timing: ReminderTiming

    async def invitation(self, key: ids.InvitationKey) -> Explained:
        """Explain one invitation.

        Raises:
            NotFound: neither it nor its user and contact are there, or they cannot be read.
        """
        invitation = await self.stores.ledger.get(ids.invitation_id(*key))
        user = (await self.stores.users.by_ids([key.user_id])).get(key.user_id)
        contact = (await self.stores.contacts.by_ids([key.contact_id])).get(key.contact_id)
        if invitation is None:
            await self.refuse_unreadable("invitations", ids.invitation_id(*key))
        if invitation is None and (user is None or contact is None):
            broken = ("users", key.user_id) if user is None else ("contacts", key.contact_id)
            await self.refuse_unreadable(*broken)
            what = f"user {key.user_id!r}" if user is None else f"contact {key.contact_id!r}"
            raise NotFound(f"INVITATION_ID: neither the invitation nor {what} is in the database; check the id")
        plans = [plan for plan in await self.stores.plans.of_user(key.user_id) if plan.period == key.period]
        email = contact.email if contact is not None else ""
        moved = bool(
            email and invitation and not invitation.may_have_reached(self.stores.suppressions.mailboxes(email))
        )
        sentences = explain_invitation(
            invitation,
            user=user,
            contact=contact,
            plan=plans[0] if plans else None,
            suppressed=bool(email and await self.stores.suppressions.suppressed([email])),
            now=self.clock.now(),
            timing=self.timing,
            control=await self.stores.controls.get(key.period),
            is_beyond=invitation is None and contact is not None and await self.stores.contacts.is_beyond(contact),
            moved=moved,
        )
        if invitation is not None:
            zone = plans[0].zone if plans and is_zone(plans[0].zone) else "UTC"
            sentences += explain_reports(await self.stores.intake_messages.failures_of([invitation.id], EVER), zone)
        return Explained(invitation, sentences)

    async def refuse_unreadable(self, collection: str, document_id: str) -> None:
        """Say that a document is there and cannot be read, if that is so.

        Raises:
            NotFound: it is so.
        """
        if await self.stores.quarantine.named(collection, document_id) is not None:
            command = f"starter.py quarantine show {collection} {document_id}"
            raise NotFound(
                f"{document_id!r} of {collection} cannot be read, so nothing is sent for it; `{command}` says why"
            )
