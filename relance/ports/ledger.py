"""The invitations, and what reminders achieved."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from relance.contracts.follow_up import InvitationEvent
from relance.domain.cycle.balance import CountedOutcomes, Wanted
from relance.domain.invitations.effectiveness import ReminderGroup
from relance.domain.invitations.entry_changes import EntryChange
from relance.domain.invitations.invitation import Invitation, MailKind
from relance.ports.claims import ClaimAnswer, ClaimRequest, Resolution, Settlement


class FollowUpParts(Protocol):
    """Which follow-ups a user may have: they hold his contacts by the hundred, in the order of their ids."""

    async def part_of(self, invitation_id: str) -> int | None:
        """Return the number of the follow-up that holds an invitation; None if its user has no entry up to it.

        The rank of the contact among all entries of user and period, by the hundred.
        """

    async def parts(self, period: str, user_ids: Sequence[str]) -> dict[str, int]:
        """Return how many follow-ups each user may have in a period: one per hundred entries, 0 without any."""


class Ledger(FollowUpParts, Protocol):
    """The invitations: who was sent what, and why not."""

    async def queue(self, invitations: Sequence[Invitation]) -> int:
        """Insert the entries that are not there yet; return how many were new."""

    async def of_users(self, period: str, user_ids: Sequence[str]) -> dict[str, list[Invitation]]:
        """Return the entries of these users, by user id."""

    async def untried(self, period: str, user_ids: Sequence[str]) -> list[Invitation]:
        """Return those of these users' entries whose mail is still to be sent for the first time."""

    async def get(self, invitation_id: str) -> Invitation | None:
        """Return one entry."""

    async def of_contact(self, contact_id: str) -> list[Invitation]:
        """Return a contact's entries, newest period first."""

    async def take_slots(self, addresses: Mapping[str, str]) -> None:
        """Take slots of the mailboxes these invitations are about to go to: addresses by invitation id.

        A mailbox has slots for a few users in a period (`domain.bounds`), and no invitation is claimed without one. It
        is taken with the claim in any case; for many at once that is cheaper.
        """

    async def exchange(self, settle: Settlement | None, claim: ClaimRequest | None) -> ClaimAnswer | None:
        """Record the result of the last mail and claim the next one, in one durable round trip.

        The one call a connection makes per mail. Callers that wait at the same time share their round trips. The
        claim reads user, contact and suppressions again and decides with `domain.eligibility` in the same step, so an
        opt-out counts up to the last moment (SPEC C6). A claim of another token counts as dead when the caller has
        listed it with `take_over` before.
        """

    async def take_over(self, period: str, user_ids: Sequence[str], token: str) -> int:
        """Drop the claims on these users' entries that belong to another token; return how many.

        Only the activity that Temporal retries may call it: its earlier attempt is then known to be over. Their mails
        are in doubt from now on. Invitations become free to be sent again with the same Message-ID; reminders are
        recorded as uncertain and stay unsent (SPEC X4).
        """

    async def drop_claims(self, period: str, before: datetime) -> int:
        """Drop the period's claims that were made before an instant; return how many.

        For a cycle that is over: no process comes after the one that died with them. As in `take_over` their mails are
        in doubt.
        """

    async def doubt(self, invitation_ids: Sequence[str], kind: MailKind, since: datetime) -> None:
        """Put those of these mails in doubt, for a restore to an instant, that are neither recorded nor claimed.

        A reminder is recorded as uncertain as well, so that it stays unsent (SPEC X4).
        """

    async def doubtful(self, period: str, after: str, limit: int) -> list[Invitation]:
        """Return entries of the period with open doubts and an id above `after`, in order, at most `limit`."""

    async def resolve(self, resolution: Resolution) -> bool:
        """End the doubts about a mail; return whether there were any and nobody has claimed the mail.

        What arrived is recorded as sent. A reminder that is absent becomes free to be sent.
        """

    async def skip(self, invitation_id: str, kind: MailKind, reason: str, at: datetime) -> None:
        """Record why a mail is not sent: of an unsent invitation as its status, of a reminder once per kind."""

    async def expire(self, invitation_ids: Sequence[str], at: datetime) -> int:
        """Move sent and opened entries to `expired`; return how many."""

    async def apply_event(self, event: InvitationEvent) -> bool:
        """Move an entry forward for an event; return whether anything changed."""

    async def by_ids(self, ids: Sequence[str]) -> dict[str, Invitation | None]:
        """Return the entries there are among these, by id; None stands for one that cannot be read."""

    async def of_contacts(self, contact_ids: Sequence[str]) -> dict[str, list[Invitation]]:
        """Return the entries of these contacts, by contact id."""

    async def apply_changes(self, wanted: Sequence[EntryChange]) -> list[EntryChange]:
        """Write changes in one durable round trip; return those that are to be decided anew.

        Each is a compare-and-set of one entry, at most one per entry, and carries the notice for its follow-up.
        """

    async def listed(self, period: str, wanted: Wanted, after: str, limit: int) -> list[Invitation]:
        """Return the period's wanted entries with an id above `after`, in order, at most `limit`."""

    async def count_listed(self, period: str, wanted: Wanted) -> int:
        """Count the period's wanted entries."""

    async def is_known(self, period: str) -> bool:
        """Return whether there is any entry of a period."""

    async def put_off(self, period: str) -> int:
        """Count the invitations of a period that wait for another try: cheap, however large the period is."""

    async def outcomes(self, period: str, counted: CountedOutcomes | None = None) -> list[Mapping[str, Any]]:
        """Return `{status, reason, class, sent, count}` per combination over the period (`domain.ledger` sums up).

        Adds to `counted` as it goes and begins after it, so that a caller that keeps it need not begin anew.
        """

    async def reminder_outcomes(self, period: str) -> list[Mapping[str, Any]]:
        """Return `{type, reason, count}` per combination over the period; reason None are the reminders sent."""


class Effectiveness(Protocol):
    """Counts of what followed the reminders; no invitation leaves the store."""

    async def periods(self) -> list[str]:
        """Return the periods there are invitations of, newest first."""

    def groups(self, period: str, now: datetime) -> AsyncIterator[ReminderGroup]:
        """Yield the counted reminders of a period; a window that is not over `now` is not watched to its end."""
