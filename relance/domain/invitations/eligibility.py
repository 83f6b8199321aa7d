"""Which contacts are invited, and why a contact is not (SPEC C6)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from relance.domain.invitations.addresses import mailbox_key, valid_address
from relance.domain.invitations.people import Contact, ContactStatus, User


class Refusal(StrEnum):
    """Why a contact is not invited."""

    USER_MISSING = "user_missing"
    USER_INACTIVE = "user_inactive"
    CONTACT_MISSING = "contact_missing"
    CONTACT_PENDING = "contact_pending"
    CONTACT_OPTED_OUT = "contact_opted_out"
    CONTACT_BOUNCED = "contact_bounced"
    CONTACT_BLOCKED = "contact_blocked"
    SUPPRESSED = "suppressed"
    ADDRESS_INVALID = "address_invalid"
    DUPLICATE_ADDRESS = "duplicate_address"
    CONTACT_LIMIT = "contact_limit"
    MAILBOX_LIMIT = "mailbox_limit"


OF_INVITATIONS_ONLY = frozenset({Refusal.DUPLICATE_ADDRESS, Refusal.CONTACT_LIMIT, Refusal.MAILBOX_LIMIT})
"""Decided with the invitation; nothing that was sent is ended by them."""


_BY_STATUS = {
    ContactStatus.PENDING: Refusal.CONTACT_PENDING,
    ContactStatus.OPTED_OUT: Refusal.CONTACT_OPTED_OUT,
    ContactStatus.BOUNCED: Refusal.CONTACT_BOUNCED,
    ContactStatus.BLOCKED: Refusal.CONTACT_BLOCKED,
}


def invitation_refusal(user: User | None, contact: Contact | None, *, suppressed: bool) -> Refusal | None:
    """Return why this contact must not be written to now; None if he may be.

    A contact that has moved to another user counts as missing. Duplicates are decided over all contacts of a user
    (`duplicates`).
    """
    if user is None:
        return Refusal.USER_MISSING
    if contact is None or contact.user_id != user.id:
        return Refusal.CONTACT_MISSING
    if not user.is_active:
        return Refusal.USER_INACTIVE
    return _contact_refusal(contact, suppressed=suppressed)


def _contact_refusal(contact: Contact, *, suppressed: bool) -> Refusal | None:
    if contact.status is not ContactStatus.ACTIVE:
        return _BY_STATUS[contact.status]
    if suppressed:
        return Refusal.SUPPRESSED
    return None if valid_address(contact.email) else Refusal.ADDRESS_INVALID


def duplicates(contacts: Sequence[Contact]) -> set[str]:
    """Return the ids of active contacts whose user has the same address under a smaller id."""
    seen: set[tuple[str, str]] = set()
    later: set[str] = set()
    for contact in sorted(contacts, key=lambda contact: contact.id):
        if contact.status is not ContactStatus.ACTIVE or not valid_address(contact.email):
            continue
        key = (contact.user_id, mailbox_key(contact.email))
        if key in seen:
            later.add(contact.id)
        seen.add(key)
    return later
