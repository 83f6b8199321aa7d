"""One batch in memory: its entries, its jobs, its counts, and the follow-ups it owes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from activities.follow_up_groups import Ahead, ahead_of_entry, ahead_of_outcome, follow_up_inputs
from activities.sending import Job, Outcome
from relance.contracts.cycle import Counts
from relance.domain.invitation import Invitation, InvitationStatus, MailKind
from relance.domain.people import Contact, User
from relance.domain.plan import Plan
from relance.ports import TAKEN, Deferred, Failed, FollowUps, Meter, Refused, Sent, Uncertain

FOLLOW_UPS_AT_ONCE = 8
UNSENT = (InvitationStatus.QUEUED, InvitationStatus.SENDING)


@dataclass(frozen=True, slots=True)
class People:
    """The users of a batch and their contacts, as read when it began."""

    users: Mapping[str, User]
    contacts: Mapping[str, Sequence[Contact]]


@dataclass(slots=True)
class Tally:
    """The counts of a running batch; also its heartbeat."""

    users: int = 0
    resent: int = 0
    outcomes: Counter[type] = field(default_factory=Counter)

    def begin_with(self, entries: Mapping[str, Sequence[Invitation]]) -> None:
        """Count what is decided already: contacts not to be written to, and what an earlier attempt sent."""
        known = (_settled(entry) for found in entries.values() for entry in found)
        self.outcomes.update(outcome for outcome in known if outcome is not None)

    def counts(self) -> Counts:
        """Return the counts so far."""
        of = self.outcomes
        return Counts(
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
    plans: Sequence[Plan], people: People, entries: Sequence[Invitation], expiry_days: int
) -> tuple[list[Job], list[Invitation]]:
    """Return the mails of these entries, and the entries whose user or contact is not there any more."""
    plan_of = {plan.user_id: plan for plan in plans}
    contacts = {contact.id: contact for found in people.contacts.values() for contact in found}
    jobs: list[Job] = []
    orphans: list[Invitation] = []
    for entry in entries:
        user, contact = people.users.get(entry.user_id), contacts.get(entry.contact_id)
        if user is None or contact is None:
            orphans.append(entry)
            continue
        jobs.append(
            Job(
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


@dataclass(slots=True)
class Owed:
    """The follow-ups a batch owes: each user's is started as soon as all his invitations have an outcome.

    `complete` are the users whose follow-up runs, or who need none.
    """

    follow_ups: FollowUps
    meter: Meter
    period: str
    expiry_days: int
    open: Counter[str] = field(default_factory=Counter)
    ahead: dict[str, dict[str, Ahead]] = field(default_factory=dict)
    complete: list[str] = field(default_factory=list)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(FOLLOW_UPS_AT_ONCE))
    _starting: list[asyncio.Task[None]] = field(default_factory=list)

    def expect(self, plans: Sequence[Plan], entries: Mapping[str, Sequence[Invitation]], jobs: Sequence[Job]) -> None:
        """Note what is already known: entries settled by an earlier attempt, and users without any job."""
        self.open.update(job.invitation.user_id for job in jobs)
        for plan in plans:
            known = {entry.contact_id: ahead_of_entry(entry) for entry in entries.get(plan.user_id, [])}
            self.ahead[plan.user_id] = {contact: one for contact, one in known.items() if one is not None}
            if not self.open[plan.user_id]:
                self._start(plan.user_id)

    def settled(self, job: Job, outcome: Outcome) -> None:
        """Note a mail's outcome."""
        if isinstance(outcome, Refused) and outcome.reason == TAKEN:
            return
        user_id = job.invitation.user_id
        ahead = ahead_of_outcome(outcome)
        if ahead is not None:
            self.ahead[user_id][job.invitation.contact_id] = ahead
        self.open[user_id] -= 1
        if not self.open[user_id]:
            self._start(user_id)

    async def finish(self) -> None:
        """Wait for the follow-ups that are being started."""
        await asyncio.gather(*self._starting)

    def _start(self, user_id: str) -> None:
        self._starting.append(asyncio.create_task(self._start_all(user_id)))

    async def _start_all(self, user_id: str) -> None:
        for follow_up in follow_up_inputs(self.period, user_id, self.ahead.pop(user_id), self.expiry_days):
            async with self._slots:
                if await self.follow_ups.start(follow_up):
                    self.meter.follow_up_started()
        self.complete.append(user_id)
