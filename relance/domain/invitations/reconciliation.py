"""Compares the remaining steps in the ledger with the follow-ups that run (SPEC R8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from relance.domain.cycle.control import Control, ControlState
from relance.domain.cycle.planning import PlanStatus
from relance.domain.cycle.send_times import period_window
from relance.domain.invitations.invitation import DueAt, Invitation, InvitationStatus, MailKind
from relance.domain.invitations.people import Contact, User
from relance.domain.invitations.reminders import (
    DEFAULT_TIMING,
    REMINDERS,
    ReminderTiming,
    due_instant,
    is_undecided,
    next_mail_at,
    reminder_refusal,
)

RETRIED_FOR = timedelta(days=2)
"""For how long a mail put off by its relay is tried again."""

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing came due before it."""

STANDS_STILL = frozenset({ControlState.PAUSED, ControlState.ROLLED_BACK})
"""A cycle that is paused is not late."""

_SENT = {InvitationStatus.SENT, InvitationStatus.OPENED}


class Repair(StrEnum):
    """What the reconciliation repairs, and what it can only report."""

    FOLLOW_UPS_RESTARTED = "follow_ups_restarted"
    REMINDERS_WOKEN = "reminders_woken"
    PLANS_FINISHED = "plans_finished"
    CYCLES_TOLD = "cycles_told"
    PLANS_STUCK = "plans_stuck"


REPAIRED = (Repair.FOLLOW_UPS_RESTARTED, Repair.REMINDERS_WOKEN, Repair.PLANS_FINISHED, Repair.CYCLES_TOLD)


@dataclass(frozen=True, slots=True)
class ReconcilePolicy:
    """A reminder is overdue `margin` after it was due; more than `alert_above` repairs in one run raise an alert."""

    margin: timedelta = timedelta(hours=2)
    alert_above: int = 20
    expiry_days: int = 30
    max_late: timedelta = timedelta(days=7)
    timing: ReminderTiming = DEFAULT_TIMING

    def watches(self, period: str, at: datetime) -> bool:
        """Return whether anything of a period may still be due; past periods are left out because each costs a look."""
        _, last = period_window(period)
        return at <= last + self.max_late + RETRIED_FOR + timedelta(days=self.expiry_days) + self.margin


@dataclass(frozen=True, slots=True)
class RemainingSteps:
    """The remaining steps of one invitation: its undecided reminders and its expiry, or another attempt."""

    first: datetime | None = None
    second: datetime | None = None
    expiry: datetime | None = None
    retry_at: datetime | None = None

    @classmethod
    def of(cls, due: DueAt | None) -> RemainingSteps:
        """Return all that was to come of an invitation when it was sent."""
        return cls(due.first, due.second, due.expiry) if due is not None else cls()


def remaining_steps(entry: Invitation, at: datetime) -> RemainingSteps | None:
    """Return what is still to come of an entry; None when nothing is, or nothing but an expiry that is past.

    Of two reminders that are both due the claim refuses the first one as overtaken. An expiry whose follow-up is gone
    is the cleanup's (SPEC H1).
    """
    if entry.status is InvitationStatus.SENDING and entry.claim is None and entry.retry_at is not None:
        return RemainingSteps(retry_at=entry.retry_at)
    due = entry.due_at
    if entry.status not in _SENT or due is None or due.expiry <= at:
        return None
    return RemainingSteps(
        due.first if is_undecided(MailKind.FIRST, entry) else None,
        due.second if is_undecided(MailKind.SECOND, entry) else None,
        due.expiry,
    )


def late_since(control: Control, at: datetime, margin: timedelta) -> datetime:
    """Return the instant before which a mail came due that is overdue now; `NEVER` if none can be.

    What a pause has held is not late before the margin has passed since the cycle goes on.
    """
    limit = at - margin
    has_just_gone_on = control.at is not None and control.at > limit
    return NEVER if control.state in STANDS_STILL or has_just_gone_on else limit


def overdue(entry: Invitation, late_since: datetime, timing: ReminderTiming = DEFAULT_TIMING) -> int:
    """Count the mails of an entry that came due before `late_since` and of which nothing is known since.

    One that is being sent, or that the relay put off after it came due, is looked after. One that has to keep its
    distance to the mail before it is due then.
    """
    if entry.claim is not None:
        return 0
    if entry.status is InvitationStatus.SENDING:
        return int(entry.retry_at is not None and entry.retry_at < late_since)
    if entry.status not in _SENT:
        return 0
    not_before = next_mail_at(entry, timing)
    count = 0
    for kind in REMINDERS:
        due = due_instant(kind, entry)
        if due is None or not is_undecided(kind, entry):
            continue
        at = max(due, not_before) if not_before is not None else due
        count += at < late_since and (entry.last_error is None or entry.last_error.at <= due)
    return count


def is_open(entry: Invitation, user: User | None, contact: Contact | None, *, suppressed: bool) -> bool:
    """Return whether anything may still be sent for an entry, as the reminder itself would decide (SPEC R3)."""
    if entry.status not in _SENT:
        return True
    refusal = reminder_refusal(MailKind.SECOND, entry, user, contact, suppressed=suppressed)
    return refusal is None or not refusal.final


def is_stale(status: PlanStatus, instant: datetime, late_since: datetime, control: ControlState) -> bool:
    """Return whether a plan of a cycle that does not run any more was left behind."""
    if control.final:
        return False
    return status is PlanStatus.SENDING or (status is PlanStatus.PLANNED and instant < late_since)


def is_unsent(entry: Invitation) -> bool:
    """Return whether an entry waits for a cycle to send it."""
    waits = entry.status is InvitationStatus.SENDING and (entry.claim is not None or entry.retry_at is None)
    return entry.status is InvitationStatus.QUEUED or waits


def repaired(counts: Mapping[str, int]) -> int:
    """Return how much was repaired in all."""
    return sum(counts.get(kind, 0) for kind in REPAIRED)


def is_alarming(counts: Mapping[str, int], policy: ReconcilePolicy) -> bool:
    """Return whether people should know: too much had to be repaired, or something cannot be."""
    return repaired(counts) > policy.alert_above or counts.get(Repair.PLANS_STUCK, 0) > 0
