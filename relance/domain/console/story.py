"""What happened to an invitation and what is still to come, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from relance.domain.cycle.planning import Plan
from relance.domain.intake.records import IntakeRecord
from relance.domain.invitations.invitation import Invitation, InvitationStatus, MailKind


@dataclass(frozen=True, slots=True)
class StoryEvent:
    """One thing that happened, or is to happen; `what` and `detail` are codes, `mail` the mail it is about.

    `failure` is the class of the failure that was reported, `reply` its code.
    """

    at: datetime
    what: str
    mail: MailKind | None = None
    detail: str = ""
    failure: str = ""
    reply: str = ""


_OVER = frozenset(
    {
        InvitationStatus.SUBMITTED,
        InvitationStatus.EXPIRED,
        InvitationStatus.FAILED,
        InvitationStatus.BOUNCED,
        InvitationStatus.CANCELLED,
        InvitationStatus.SKIPPED,
    }
)


def story(invitation: Invitation, plan: Plan | None, reports: Sequence[IntakeRecord] = ()) -> list[StoryEvent]:
    """Return everything that is recorded, what came back among it, and what is due while nothing has ended it."""
    events = [*_planned(plan), *_happened(invitation), *_came_back(reports), *_due(invitation)]
    return sorted(events, key=lambda event: event.at)


def _came_back(reports: Sequence[IntakeRecord]) -> Iterator[StoryEvent]:
    for report in reports:
        yield StoryEvent(
            report.at, "report", detail=report.outcome.value, failure=report.class_ or "", reply=report.code or ""
        )


def _planned(plan: Plan | None) -> Iterator[StoryEvent]:
    if plan is not None:
        yield StoryEvent(plan.instant, "planned", MailKind.INVITATION, ",".join(plan.notes))


def _happened(entry: Invitation) -> Iterator[StoryEvent]:
    yield StoryEvent(entry.queued_at, "queued", MailKind.INVITATION)
    if entry.last_error is not None:
        yield StoryEvent(entry.last_error.at, "error", detail=entry.last_error.class_)
    for doubt in entry.doubts:
        yield StoryEvent(doubt.since, "doubt", doubt.kind)
        if doubt.verdict is not None and doubt.at is not None:
            yield StoryEvent(doubt.at, "verdict", doubt.kind, doubt.verdict.value)
    if entry.sent_at is not None:
        yield StoryEvent(entry.sent_at, "sent", MailKind.INVITATION, "late" if entry.late else "")
    for reminder in entry.reminders:
        yield StoryEvent(reminder.sent_at, "sent", reminder.type)
    for skip in entry.reminder_skips:
        yield StoryEvent(skip.at, "left_out", skip.type, skip.reason)
    if entry.opened_at is not None:
        yield StoryEvent(entry.opened_at, "opened")
    if entry.submitted_at is not None:
        yield StoryEvent(entry.submitted_at, "submitted")
    if entry.ended_at is not None and entry.status is not InvitationStatus.SUBMITTED:
        yield StoryEvent(entry.ended_at, "ended", detail=entry.status.value)


def _due(entry: Invitation) -> Iterator[StoryEvent]:
    if entry.retry_at is not None:
        yield StoryEvent(entry.retry_at, "retry")
    if entry.due_at is None or entry.status in _OVER:
        return
    decided = {reminder.type for reminder in entry.reminders} | {skip.type for skip in entry.reminder_skips}
    for kind, at in ((MailKind.FIRST, entry.due_at.first), (MailKind.SECOND, entry.due_at.second)):
        if kind not in decided:
            yield StoryEvent(at, "due", kind)
    yield StoryEvent(entry.due_at.expiry, "expires")
