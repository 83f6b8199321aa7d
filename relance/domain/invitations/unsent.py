"""The contacts that got no mail because the user's plan ended without sending, and why (SPEC C6, C13, C14)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from relance.domain.cycle.control import ControlState
from relance.domain.cycle.planning import PlanReason, PlanStatus
from relance.domain.invitations.eligibility import Refusal, duplicates, invitation_refusal
from relance.domain.invitations.invitation import Invitation, InvitationStatus
from relance.domain.invitations.people import Contact, User

BY_DESIGN = frozenset({PlanReason.BEFORE_START, PlanReason.JOINED_LATER, PlanReason.CONTACT_JOINED_LATER})
"""Reasons of people who were not there, or before the system was: nobody has lost a mail."""


@dataclass(frozen=True, slots=True)
class PlanEnding:
    """How a user's plan has ended: `contacts` is how many it noted, None if none were looked at."""

    status: PlanStatus
    reason: str | None = None
    contacts: int | None = None


def ending_without_plan(user: User, control: ControlState) -> PlanEnding:
    """Return how the month of a user without a plan ends; `control` is the current control of the cycle."""
    if not user.is_active:
        return PlanEnding(PlanStatus.SKIPPED, Refusal.USER_INACTIVE)
    if control.final:
        return PlanEnding(PlanStatus.CANCELLED, control.reason)
    return PlanEnding(PlanStatus.SKIPPED, PlanReason.JOINED_LATER)


def unsent_entries(
    period: str,
    user_id: str,
    ending: PlanEnding,
    *,
    user: User | None,
    contacts: Sequence[Contact],
    suppressed: Collection[str],
    at: datetime,
    key: Callable[[str], str],
) -> list[Invitation]:
    """Return the entries of a user's contacts that record why they got no mail; `key` makes an id of a contact's.

    What speaks against a contact itself goes first, as when a batch is sent. A contact of a plan that was done was
    added after it, whatever speaks against it besides.
    """
    twice = duplicates(contacts)
    result: list[Invitation] = []
    for contact in contacts:
        own: str | None = None
        if ending.status is not PlanStatus.DONE:
            own = invitation_refusal(user, contact, suppressed=contact.email in suppressed)
            if own is None and contact.id in twice:
                own = Refusal.DUPLICATE_ADDRESS
        is_cancelled = own is None and ending.status is PlanStatus.CANCELLED
        result.append(
            Invitation(
                id=key(contact.id),
                period=period,
                user_id=user_id,
                contact_id=contact.id,
                status=InvitationStatus.CANCELLED if is_cancelled else InvitationStatus.SKIPPED,
                reason=own or _reason(ending),
                queued_at=at,
                ended_at=at if is_cancelled else None,
            )
        )
    return result


def _reason(ending: PlanEnding) -> str:
    if ending.status is PlanStatus.DONE:
        return PlanReason.CONTACT_JOINED_LATER
    return ending.reason or "unknown"


def may_enter(ending: PlanEnding, entered: Collection[str], contacts: Collection[str], part: int) -> set[str]:
    """Return the contacts without an entry that may get one now; follow-ups hold `part` contacts each.

    Of a plan that was done they were added later. Fewer entries than it has noted are a loss, which the balance must
    show and no later contact may hide. Which follow-up holds a contact depends on how many entries come before it:
    nobody is entered before one of them who might move to another follow-up.
    """
    new = set(contacts) - set(entered)
    if ending.status is not PlanStatus.DONE:
        return new
    if len(entered) < (ending.contacts or 0):
        return set()
    if len(entered) + len(new) <= part:
        return new
    last = max(entered, default="")
    return {contact for contact in new if contact > last}


def is_incomplete(ending: PlanEnding, entered: Collection[str], contacts: Collection[str], part: int) -> bool:
    """Return whether contacts of a user are still to be entered, or his plan is to note them."""
    if ending.contacts is None and ending.status is not PlanStatus.DONE:
        return True
    # After a crash between the entries and the note there are more entries than are noted.
    return len(entered) > (ending.contacts or 0) or bool(may_enter(ending, entered, contacts, part))


def noted(ending: PlanEnding, entries: Sequence[Invitation]) -> int | None:
    """Return how many contacts a plan is to note, now that these are its entries; None for no change.

    A plan that was done has noted those of its batch: only contacts who joined later are added.
    """
    if ending.status is not PlanStatus.DONE:
        return len(entries)
    later = sum(entry.reason == PlanReason.CONTACT_JOINED_LATER for entry in entries)
    return len(entries) if len(entries) - later <= (ending.contacts or 0) < len(entries) else None


def end_of_plan(entries: Sequence[Invitation]) -> PlanEnding:
    """Return how a plan ends whose batch is through: skipped, if its whole batch came too late (SPEC C14)."""
    reasons = {entry.reason for entry in entries}
    if PlanReason.TOO_LATE in reasons and all(entry.status is InvitationStatus.SKIPPED for entry in entries):
        return PlanEnding(PlanStatus.SKIPPED, PlanReason.TOO_LATE)
    return PlanEnding(PlanStatus.DONE)


class Nobody(StrEnum):
    """Whether a cycle with contacts to decide about has written to none of them, and whether it should have."""

    NO = "no"
    BY_DESIGN = "by_design"
    LOST = "lost"


def written_to_nobody(
    *, eligible: int, sent: int, undecided: int, cancelled: int, failed: int, skipped: Mapping[str, int]
) -> Nobody:
    """Return whether nobody was written to; by design, if a person cancelled it, or nobody was there in time.

    `skipped` is by reason; `undecided` is what may still be sent, or may have arrived.
    """
    if not eligible or sent or undecided:
        return Nobody.NO
    lost = failed or any(count for reason, count in skipped.items() if reason not in BY_DESIGN)
    return Nobody.LOST if lost and not cancelled else Nobody.BY_DESIGN
