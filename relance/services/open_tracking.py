"""Records openings of mails for contacts who have consented, and deletes them when consent is withdrawn (SPEC G4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from relance.contracts.follow_up import InvitationEvent
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.invitation import Invitation
from relance.domain.invitations.open_kinds import OpenKind, open_kind
from relance.ports import Clock, Contacts, Ledger, Suppressions
from relance.ports.opens import Opens
from relance.services.events import EventIntake

PAGE = 500


@dataclass(frozen=True, slots=True)
class OpenTracking:
    """Records openings when the picture of a mail is fetched; nothing is recorded unless the setting `is_on`.

    The consent in the database at that moment counts, not the consent when the mail was sent.
    """

    is_on: bool
    ledger: Ledger
    contacts: Contacts
    suppressions: Suppressions
    events: EventIntake
    opens: Opens
    clock: Clock

    async def fetched(self, invitation_id: str, user_agent: str) -> OpenKind | None:
        """Take in that the picture of an invitation was fetched; return who did, None if nothing was recorded."""
        entry = await self.ledger.get(invitation_id) if self.is_on else None
        if entry is None:
            return None
        contact = (await self.contacts.by_ids([entry.contact_id])).get(entry.contact_id)
        if contact is None or not contact.tracking_consent:
            await self.opens.forget([entry.contact_id])
            return None
        if not contact.email or not entry.may_have_reached(self.suppressions.mailboxes(contact.email)):
            # The mail went to another mailbox than the one whose owner has agreed.
            return None
        now = self.clock.now()
        kind = open_kind(user_agent, _since_last_mail(entry, now))
        await self.opens.record(invitation_id, entry.contact_id, kind, now)
        if kind is OpenKind.PERSON:
            opened = InvitationEvent(invitation_id=invitation_id, kind=EventKind.OPENED, at=now)
            await self.events.take_all([opened])
        return kind


@dataclass(frozen=True, slots=True)
class ConsentWatch:
    """Deletes the openings of contacts who have withdrawn their consent or are deleted; called every hour."""

    contacts: Contacts
    opens: Opens

    async def forget_withdrawn(self) -> int:
        """Return how many invitations it was about; doing it again finds what came since."""
        after, forgotten = "", 0
        while page := await self.opens.contacts(after, PAGE):
            known = await self.contacts.by_ids(page)
            without = [
                contact_id for contact_id in page if contact_id not in known or not known[contact_id].tracking_consent
            ]
            forgotten += await self.opens.forget(without) if without else 0
            after = page[-1]
        return forgotten


def _since_last_mail(entry: Invitation, now: datetime) -> timedelta | None:
    sent = [at for at in (entry.sent_at, *(reminder.sent_at for reminder in entry.reminders)) if at is not None]
    return now - max(sent) if sent else None
