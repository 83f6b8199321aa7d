"""A batch in memory: its users and contacts, its jobs, its counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from relance.contracts.cycle import MailCounts
from relance.domain.cycle.planning import Plan
from relance.domain.invitations.invitation import Invitation, InvitationStatus, MailKind
from relance.domain.invitations.people import Contact, User
from relance.ports import Deferred, Failed, Refused, Sent, Uncertain
from relance.sending.mail_task import MailTask

UNSENT = (InvitationStatus.QUEUED, InvitationStatus.SENDING)


@dataclass(frozen=True, slots=True)
class BatchPeople:
    """The users of a batch and their contacts, as read when it began."""

    users: Mapping[str, User]
    contacts: Mapping[str, Sequence[Contact]]


@dataclass(slots=True)
class BatchTally:
    """The counts of a running batch; also its heartbeat."""

    users: int = 0
    resent: int = 0
    outcomes: Counter[type] = field(default_factory=Counter)

    def begin_with(self, entries: Mapping[str, Sequence[Invitation]]) -> None:
        """Count what is decided already: contacts not to be written to, and what an earlier attempt sent."""
        known = (_settled(entry) for found in entries.values() for entry in found)
        self.outcomes.update(outcome for outcome in known if outcome is not None)

    def counts(self) -> MailCounts:
        """Return the counts so far."""
        of = self.outcomes
        return MailCounts(
            users=self.users,
            sent=of[Sent],
            skipped=of[Refused],
            failed=of[Failed],
            uncertain=of[Uncertain],
            deferred=of[Deferred],
            resent=self.resent,
        )


def _settled(entry: Invitation) -> type | None:
    if entry.sent_at is not None:
        return Sent
    if entry.status in UNSENT:
        return Deferred if entry.retry_at is not None else None
    return {InvitationStatus.FAILED: Failed, InvitationStatus.UNCERTAIN: Uncertain}.get(entry.status, Refused)


def unsent(entries: Mapping[str, Sequence[Invitation]]) -> list[Invitation]:
    """Return the entries to be sent for the first time; later tries belong to the follow-ups."""
    return [entry for found in entries.values() for entry in found if entry.status in UNSENT and entry.retry_at is None]


def jobs_of(
    plans: Sequence[Plan], people: BatchPeople, entries: Sequence[Invitation], expiry_days: int
) -> tuple[list[MailTask], list[Invitation]]:
    """Return the mails of these entries, and the entries whose user or contact is not there any more."""
    plan_of = {plan.user_id: plan for plan in plans}
    contacts = {contact.id: contact for found in people.contacts.values() for contact in found}
    jobs: list[MailTask] = []
    orphans: list[Invitation] = []
    for entry in entries:
        user, contact = people.users.get(entry.user_id), contacts.get(entry.contact_id)
        if user is None or contact is None:
            orphans.append(entry)
            continue
        jobs.append(
            MailTask(
                invitation=entry,
                kind=MailKind.INVITATION,
                user=user,
                contact=contact,
                tries=entry.attempts,
                planned=plan_of[entry.user_id].instant,
                zone=plan_of[entry.user_id].zone,
                expiry_days=expiry_days,
            )
        )
    return jobs, orphans


def by_turns(jobs: Sequence[MailTask]) -> list[MailTask]:
    """Return the mails user by user in turns: the first one of each, then the second ones."""
    of_user: dict[str, list[MailTask]] = {}
    for job in jobs:
        of_user.setdefault(job.user.id, []).append(job)
    return [job for turn in zip_longest(*of_user.values()) for job in turn if job is not None]
