"""Whether the mails about to be claimed may still be sent, from the database as it is now (SPEC C6, R3)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TypeVar

from relance.adapters.mongo.documents import Collection, Raw, Reader, either, projection, with_text_ids
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.quarantine import Quarantine
from relance.adapters.mongo.suppressions import MongoSuppressions
from relance.domain.eligibility import Refusal, invitation_refusal
from relance.domain.invitation import Invitation, MailKind
from relance.domain.people import Contact, User
from relance.domain.reminders import ReminderRefusal, reminder_refusal
from relance.ports import Claimed, ClaimRequest, Refused

_USER = projection(User)
_CONTACT = projection(Contact)
_SWITCHES = ("enabled", "first", "second")

P = TypeVar("P", User, Contact)


class Recheck:
    """Reads users, contacts, suppressions and, for reminders, invitations of a group of requests at once."""

    def __init__(
        self,
        users: Collection,
        contacts: Collection,
        invitations: Collection,
        suppressions: MongoSuppressions,
        quarantine: Quarantine,
    ) -> None:
        self._users = users
        self._contacts = contacts
        self._invitations = invitations
        self._suppressions = suppressions
        self._user_reader = Reader(User, "users", quarantine)
        self._contact_reader = Reader(Contact, "contacts", quarantine)
        self._invitation_reader = Reader(Invitation, "invitations", quarantine)

    async def decide(self, requests: Sequence[ClaimRequest]) -> list[Claimed | Refused]:
        """Return one answer per request, in order, as far as eligibility goes."""
        asked = {request.contact.email for request in requests}
        reminded = {request.invitation_id for request in requests if request.kind is not MailKind.INVITATION}
        with translated("check eligibility again"):
            users, contacts, invitations, suppressed = await asyncio.gather(
                self._current_users(requests),
                self._current_contacts(requests),
                self._current_invitations(reminded),
                self._suppressions.suppressed(list(asked)),
            )
        changed = {contact.email for contact in contacts.values()} - asked
        if changed:
            suppressed |= await self._suppressions.suppressed(list(changed))
        return [
            _decide(
                request,
                users.get(request.user.id),
                contacts.get(request.contact.id),
                invitations.get(request.invitation_id),
                suppressed,
            )
            for request in requests
        ]

    async def _current_users(self, requests: Sequence[ClaimRequest]) -> dict[str, User]:
        known = {request.user.id: request.user for request in requests}
        raws = await _by_ids(self._users, known, _USER)
        same = {key: known[key] for key, raw in raws.items() if key in known and _same_user(raw, known[key])}
        return await _with_changed(self._user_reader, raws, same)

    async def _current_contacts(self, requests: Sequence[ClaimRequest]) -> dict[str, Contact]:
        known = {request.contact.id: request.contact for request in requests}
        raws = await _by_ids(self._contacts, known, _CONTACT)
        same = {key: known[key] for key, raw in raws.items() if key in known and _same_contact(raw, known[key])}
        return await _with_changed(self._contact_reader, raws, same)

    async def _current_invitations(self, ids: set[str]) -> dict[str, Invitation]:
        if not ids:
            return {}
        raws = await self._invitations.find({"_id": {"$in": list(ids)}}).to_list(None)
        return {invitation.id: invitation for invitation in await self._invitation_reader.valid(raws)}


async def _by_ids(collection: Collection, ids: Iterable[str], fields: dict[str, int]) -> dict[str, Raw]:
    raws = await collection.find({"_id": {"$in": either(ids)}}, fields).to_list(None)
    return {with_text_ids(raw)["_id"]: raw for raw in raws}


async def _with_changed(reader: Reader[P], raws: dict[str, Raw], same: dict[str, P]) -> dict[str, P]:
    # Validation is the dear part, and almost nothing changes between the start of a batch and its mails.
    changed = [key for key in raws if key not in same]
    validated = await reader.valid([raws[key] for key in changed]) if changed else []
    return same | {model.id: model for model in validated}


def _same_user(raw: Raw, user: User) -> bool:
    settings = raw.get("reminderSettings", {})
    return (
        raw.get("status", "active") == user.status
        and isinstance(settings, dict)
        and all(settings.get(name, True) is getattr(user.reminder_settings, name) for name in _SWITCHES)
    )


def _same_contact(raw: Raw, contact: Contact) -> bool:
    return (
        raw.get("status") == contact.status
        and raw.get("email", "") == contact.email
        and raw.get("userId") == contact.user_id
        and raw.get("name", "") == contact.name
        and raw.get("locale") == contact.locale
        and raw.get("trackingConsent", False) is contact.tracking_consent
    )


def _decide(
    request: ClaimRequest,
    user: User | None,
    contact: Contact | None,
    invitation: Invitation | None,
    suppressed: set[str],
) -> Claimed | Refused:
    is_suppressed = contact is not None and contact.email in suppressed
    refusal: Refusal | ReminderRefusal | None
    if request.kind is MailKind.INVITATION:
        refusal = invitation_refusal(user, contact, suppressed=is_suppressed)
    elif invitation is None:
        return Refused("invitation_missing")
    else:
        refusal = reminder_refusal(request.kind, invitation, user, contact, suppressed=is_suppressed)
    if refusal is not None or contact is None:
        return Refused(refusal.value if refusal else Refusal.CONTACT_MISSING.value)
    return Claimed(contact)
