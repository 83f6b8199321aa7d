"""Before anything is sent again: what became of the mails whose reply was lost (SPEC X4)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from relance.domain.failures import UNCERTAIN
from relance.domain.invitations.invitation import InvitationStatus, MailKind, Verdict
from relance.domain.invitations.restore import doubt_after
from relance.errors import DependencyUnavailable
from relance.ports import TAKEN, Deferred, Knowledge, Refused, RelayRecord, Uncertain
from relance.sending.mail_task import MailTask, Outcome, SendOptions
from relance.sending.sender import Sender
from relance.services.uncertain_mail import UNKNOWN

LOOK_AGAIN = timedelta(minutes=5)
GIVE_UP = timedelta(hours=24)
"""A log that cannot be read is asked after 5 minutes, then at growing distances, for a day."""

STOP_LOOK = 0.2
_FREE = (InvitationStatus.QUEUED, InvitationStatus.SENDING)

logger = logging.getLogger(__name__)

Done = Callable[[MailTask, Outcome], None]


def is_doubtful(sender: Sender, job: MailTask) -> bool:
    """Return whether a mail must wait until its doubt is settled; without a relay log a reminder is not sent."""
    may_be_asked = sender.relay_log is not None or job.kind is MailKind.INVITATION
    return may_be_asked and job.invitation.doubt(job.kind) is not None


async def doubted_by_restore(sender: Sender, jobs: Sequence[MailTask]) -> list[MailTask]:
    """Put those of the mails in doubt that may have left after the state the database was put back to (SPEC I2)."""
    restore = await sender.restores.last() if sender.restores is not None and jobs else None
    result: list[MailTask] = []
    found: dict[tuple[MailKind, datetime], list[str]] = {}
    for job in jobs:
        entry = job.invitation
        doubt = doubt_after(restore, entry, job.kind, job.planned)
        if doubt is None:
            result.append(job)
            continue
        found.setdefault((doubt.kind, doubt.since), []).append(entry.id)
        doubted = entry.model_copy(update={"doubts": (*entry.doubts, doubt)})
        result.append(replace(job, invitation=doubted))
    for (kind, since), invitation_ids in found.items():
        await sender.ledger.doubt(invitation_ids, kind, since)
    return result


async def settled_in_batch(sender: Sender, jobs: Sequence[MailTask], order: SendOptions, done: Done) -> list[MailTask]:
    """Settle the invitations in doubt among a batch's jobs with one look; return those to be sent again.

    Waits for as long as the log may be behind, or until `order.stop()`; then nothing is settled and nothing returned.
    """
    at = max((ask for job in jobs if (ask := sender.doubts.ask_at(job)) is not None), default=None)
    while at is not None and sender.now(order.at) < at:
        if order.stop():
            return []
        await asyncio.sleep(min(STOP_LOOK, max((at - sender.now(order.at)).total_seconds(), 0)))
    again: list[MailTask] = []
    for job, record in zip(jobs, await _records(sender, jobs) or [UNKNOWN] * len(jobs), strict=True):
        if await _settle(sender, job, record, order, done):
            again.append(job)
    return again


async def settled_in_steps(sender: Sender, jobs: Sequence[MailTask], order: SendOptions, done: Done) -> list[MailTask]:
    """Settle the mails in doubt among a user's due ones with one look; return those to be sent.

    What the log cannot know yet, and reminders while it cannot be read, are put off (`Deferred`, not `tried`).
    """
    now = sender.now(order.at)
    ripe: list[MailTask] = []
    for job in jobs:
        at = max(filter(None, (sender.doubts.ask_at(job), job.invitation.retry_at)), default=None)
        if at is not None and at > now:
            done(job, Deferred(UNCERTAIN, at, now, tried=False))
        else:
            ripe.append(job)
    records = await _records(sender, ripe)
    again: list[MailTask] = []
    for number, job in enumerate(ripe):
        if records is None and (later := _ask_again(job, now)) is not None:
            done(job, Deferred(UNCERTAIN, later, now, tried=False))
        elif await _settle(sender, job, records[number] if records else UNKNOWN, order, done):
            again.append(job)
    return again


def look_after(sender: Sender, outcome: Outcome) -> Outcome:
    """Return what becomes of a mail that ended uncertain: a look at the log, if there is one, some minutes later."""
    if isinstance(outcome, Uncertain) and sender.relay_log is not None:
        later = outcome.at + max(LOOK_AGAIN, sender.doubts.lag)
        return Deferred(outcome.failure, later, outcome.at, tried=False)
    return outcome


async def _records(sender: Sender, jobs: Sequence[MailTask]) -> list[RelayRecord] | None:
    try:
        return await sender.doubts.look_up(jobs)
    except DependencyUnavailable as error:
        logger.warning("the relay's log could not be asked about %d mails: %s", len(jobs), error)
        return None


def _ask_again(job: MailTask, now: datetime) -> datetime | None:
    doubt = job.invitation.doubt(job.kind)
    if doubt is None or _is_free(job) or now - doubt.since > GIVE_UP:
        return None
    return now + max(LOOK_AGAIN, now - doubt.since)


def _is_free(job: MailTask) -> bool:
    """Return whether policy sends the mail again if nothing is known of it."""
    return job.kind is MailKind.INVITATION and job.invitation.status in _FREE


async def _settle(sender: Sender, job: MailTask, record: RelayRecord, order: SendOptions, done: Done) -> bool:
    """Record what is known of one mail; return whether it is to be sent."""
    now, doubts = sender.now(order.at), sender.doubts
    if record.knowledge is Knowledge.ACCEPTED:
        sent = await doubts.arrived(job, record, now)
        if sent is not None:
            sender.meter.uncertain(job.kind, Verdict.ARRIVED)
        done(job, sent or Refused(TAKEN))
        return False
    free, verdict = _is_free(job), Verdict.UNKNOWN
    if record.knowledge is Knowledge.ABSENT:
        free = free or job.kind is not MailKind.INVITATION
        verdict = Verdict.ABSENT if free else Verdict.MISSED
    sender.meter.uncertain(job.kind, verdict)
    if free or verdict is Verdict.MISSED:
        await doubts.end(job, verdict, now)
    if not free:
        done(job, Uncertain(UNCERTAIN, now))
    return free
