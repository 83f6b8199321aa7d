"""Attributes mail that comes back to an invitation, and applies what it reports (SPEC G3).

Order: read, attribute, write the event (MongoDB first, `events.EventIntake`), then the record. After a crash in between
the message is read again: the event is idempotent, and the record is written once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from relance.contracts.follow_up import InvitationEvent
from relance.domain.failures import Failure
from relance.domain.intake import (
    DoorNames,
    IntakeOutcome,
    MailReading,
    MessageEnvelope,
    MessageKind,
    parse_message,
    read_message,
    stable_bytes,
)
from relance.domain.intake.arrival import arrived_at
from relance.domain.intake.complaints import COMPLAINT_TYPES
from relance.domain.intake.outcomes import KEPT
from relance.domain.intake.records import IntakeRecord, KeptMessage
from relance.domain.invitations.events import EventKind
from relance.ports import Clock
from relance.ports.mail_intake import IntakeMessages
from relance.services.attribution import Attribution, Attributor
from relance.services.event_plan import Outcome
from relance.services.intake_reports import ReportJudge

CountMessage: TypeAlias = Callable[[str, str], None]
"""Counts a message by kind and outcome."""

OptOutByMail: TypeAlias = Callable[[str], Awaitable[bool]]
"""Applies an unsubscribe mail about an invitation; returns whether anything is known of it."""

BY_OUR_SERVER = "lmtp"
"""Who hands a mail over by it stands next to us, and its clock is ours; by SMTP anybody may."""

EVENTS = {
    IntakeOutcome.BOUNCED: EventKind.BOUNCED,
    IntakeOutcome.STRUCK_OUT: EventKind.BOUNCED,
    IntakeOutcome.COMPLAINED: EventKind.COMPLAINED,
    IntakeOutcome.OPTED_OUT: EventKind.OPTED_OUT,
}


_WITHOUT_EVENT = {
    MessageKind.UNREADABLE: IntakeOutcome.UNREADABLE,
    MessageKind.OTHER: IntakeOutcome.OTHER,
    MessageKind.AUTOMATIC: IntakeOutcome.AUTOMATIC,
    MessageKind.CHALLENGE: IntakeOutcome.AUTOMATIC,
}


class TakesEvents(Protocol):
    """Takes events about invitations."""

    async def take_all(self, events: Sequence[InvitationEvent]) -> Sequence[Outcome]:
        """Write events to the database; idempotent. Their follow-ups are notified out of the outbox."""


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """How long records and kept messages stay, how many bytes of a message are kept, and the names of the doors."""

    records: timedelta = timedelta(days=60)
    kept: timedelta = timedelta(days=30)
    kept_bytes: int = 256 * 1024
    names: DoorNames = field(default_factory=DoorNames)


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """What became of a message; `known` if it had been read before, so that nothing was done."""

    record: IntakeRecord
    known: bool


@dataclass(frozen=True, slots=True)
class MailIntake:
    """Reads messages and applies what they report; idempotent by the message.

    attributor: whose mail it is. judge: what a report means. events, opt_out: where that is applied. messages: where
    it is recorded. count: the metric.
    """

    attributor: Attributor
    judge: ReportJudge
    events: TakesEvents
    opt_out: OptOutByMail
    messages: IntakeMessages
    clock: Clock
    limits: IntakeLimits
    count: CountMessage

    async def take(self, raw: bytes, envelope: MessageEnvelope, via: str, *, dry_run: bool = False) -> IntakeResult:
        """Read a message and do what follows from it; with `dry_run` only say what would.

        Raises:
            DependencyUnavailable: the database is away; nothing is lost if the message is handed in again.
        """
        digest = hashlib.sha256(stable_bytes(raw)).hexdigest()
        earlier = await self.messages.record_of(digest)
        if earlier is not None and (earlier.kind is not MessageKind.UNSUBSCRIBE or not envelope.recipients):
            return IntakeResult(earlier, known=True)
        message = parse_message(raw)
        reading = read_message(message, envelope, self.limits.names)
        if earlier is not None:
            # A mail to two of our addresses may be handed in once for each.
            attribution = await self.attributor.attribute(reading)
            if attribution is None or attribution.invitation_id == earlier.invitation_id:
                return IntakeResult(earlier, known=True)
            digest = hashlib.sha256(f"{digest}:{attribution.invitation_id}".encode()).hexdigest()
            if (copy := await self.messages.record_of(digest)) is not None:
                return IntakeResult(copy, known=True)
        arrived = arrived_at(message) if via == BY_OUR_SERVER else None
        return await self._apply(reading, raw, digest, via, dry_run=dry_run, arrived=arrived)

    async def take_relayed(self, reading: MailReading, identifier: str, raw: bytes, via: str) -> IntakeResult:
        """Do what follows from an event of a relay; `identifier` is the event's id there.

        Raises:
            DependencyUnavailable: the database is away; the relay calls again.
        """
        digest = hashlib.sha256(f"{via}:{identifier}".encode()).hexdigest()
        earlier = await self.messages.record_of(digest)
        if earlier is not None:
            return IntakeResult(earlier, known=True)
        return await self._apply(reading, raw, digest, via, dry_run=False)

    async def _apply(
        self,
        reading: MailReading,
        raw: bytes,
        digest: str,
        via: str,
        *,
        dry_run: bool,
        arrived: datetime | None = None,
    ) -> IntakeResult:
        outcome, attribution, failure = await self._decide(reading, via)
        event = None if dry_run or attribution is None else EVENTS.get(outcome)
        if (
            event is not None
            and attribution is not None
            and not await self._applied(reading, attribution.invitation_id, event)
        ):
            outcome = IntakeOutcome.UNATTRIBUTED
        now = self.clock.now()
        record = IntakeRecord(
            digest=digest,
            kind=reading.kind,
            outcome=outcome,
            via=via,
            at=now,
            size=len(raw),
            invitation_id=attribution.invitation_id if attribution is not None else None,
            code=failure.code if failure is not None else None,
            class_=failure.class_.value if failure is not None else None,
            waited=max((now - arrived).total_seconds(), 0.0) if arrived is not None else None,
        )
        if not dry_run:
            if outcome in KEPT:
                limit = self.limits.kept_bytes
                await self.messages.keep(
                    KeptMessage(digest, record.at, raw[:limit], len(raw) <= limit), self.limits.kept
                )
            await self.messages.record(record, self.limits.records)
            self.count(reading.kind, outcome)
        return IntakeResult(record, known=False)

    async def _applied(self, reading: MailReading, invitation_id: str, event: EventKind) -> bool:
        if reading.kind is MessageKind.UNSUBSCRIBE:
            named = await self.attributor.asked_to_stop(reading)
            return any([await self.opt_out(attribution.invitation_id) for attribution in named])
        if event is EventKind.OPTED_OUT:
            # By a provider or a relay: its page takes it back like any other.
            return await self.opt_out(invitation_id)
        happened = InvitationEvent(invitation_id=invitation_id, kind=event, at=self.clock.now())
        return Outcome.UNKNOWN not in await self.events.take_all([happened])

    async def _decide(self, reading: MailReading, via: str) -> tuple[IntakeOutcome, Attribution | None, Failure | None]:
        if reading.kind in _WITHOUT_EVENT:
            return _WITHOUT_EVENT[reading.kind], None, None
        if reading.kind is MessageKind.COMPLAINT and reading.feedback not in COMPLAINT_TYPES:
            return IntakeOutcome.NO_COMPLAINT, None, None
        attribution = await self.attributor.attribute(reading)
        if attribution is None:
            return IntakeOutcome.UNATTRIBUTED, None, None
        if reading.kind is MessageKind.UNSUBSCRIBE:
            return IntakeOutcome.OPTED_OUT, attribution, None
        if reading.kind is MessageKind.COMPLAINT:
            return self._complaint(reading, attribution), attribution, None
        verdict = await self.judge.judge(reading, attribution, via)
        return verdict.outcome, attribution, verdict.failure

    def _complaint(self, reading: MailReading, attribution: Attribution) -> IntakeOutcome:
        named = [report.final for report in reading.reports] or list(reading.clues.returned_to)
        if named and not any(self.attributor.names_mailbox(attribution, address) for address in named):
            return IntakeOutcome.WRONG_RECIPIENT
        return IntakeOutcome.OPTED_OUT if reading.feedback == "opt-out" else IntakeOutcome.COMPLAINED
