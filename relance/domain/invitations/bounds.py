"""How much one user, and all users together, may have sent: the limits of address books and of mailboxes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from relance.domain.invitations.eligibility import Refusal

CONTACTS_PER_USER = 1000
USERS_PER_MAILBOX = 5


@dataclass(frozen=True, slots=True)
class Bounds:
    """Contacts of a user that are looked at, the first by id; users who may invite one mailbox in a period."""

    contacts_per_user: int = CONTACTS_PER_USER
    users_per_mailbox: int = USERS_PER_MAILBOX


DEFAULT_BOUNDS = Bounds()


def beyond(sizes: Mapping[str, int], per_user: int) -> dict[str, int]:
    """Return how many contacts are not looked at, of the users who have any, given all their numbers of contacts."""
    return {user_id: size - per_user for user_id, size in sizes.items() if size > per_user}


def parts(sizes: Mapping[str, int], per_user: int, most: int) -> Iterator[list[str]]:
    """Cut users, given with their numbers of contacts, into parts with at most so many contacts that are looked at.

    A part has at least one user, and the order is kept.
    """
    part: list[str] = []
    contacts = 0
    for user_id, size in sizes.items():
        own = min(size, per_user)
        if part and contacts + own > most:
            yield part
            part, contacts = [], 0
        part.append(user_id)
        contacts += own
    if part:
        yield part


@dataclass(frozen=True, slots=True)
class MailboxSlot:
    """A slot of a mailbox in a period, by its number; `held` if it is the asking invitation's own already."""

    number: int
    held: bool = False


def slot_for(
    invitation_id: str, user_id: str, holders: Mapping[int, tuple[str, str]], slots: int
) -> MailboxSlot | Refusal:
    """Return the slot of a mailbox an invitation may take, or why it must not be sent.

    `holders` are by slot the user and the invitation that have it; `slots` is how many there are. A user with a slot
    keeps it, so that a try that comes again is not refused.
    """
    own = {number: invitation for number, (user, invitation) in holders.items() if user == user_id}
    for number, invitation in own.items():
        if invitation == invitation_id:
            return MailboxSlot(number, held=True)
    if own:
        # Addresses may have changed since the contacts of the user were compared.
        return Refusal.DUPLICATE_ADDRESS
    free = next((number for number in range(slots) if number not in holders), None)
    return MailboxSlot(free) if free is not None else Refusal.MAILBOX_LIMIT
