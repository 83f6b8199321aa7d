"""Resolves uncertain mails with the relay's log, and records the result (SPEC X4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from relance.domain.cycle.planning import is_late
from relance.domain.cycle.send_times import due_at
from relance.domain.invitations.invitation import DueAt, Invitation, MailKind, Verdict
from relance.ports import Knowledge, Ledger, MessageIds, RelayLog, RelayRecord, Resolution, Sent

UNKNOWN = RelayRecord(Knowledge.UNKNOWN)
NO_LAG = timedelta(0)


class DoubtfulMail(Protocol):
    """A mail of an invitation: when it was to leave, the user's zone, and after how many days an invitation expires."""

    @property
    def invitation(self) -> Invitation:
        """The entry of the ledger."""

    @property
    def kind(self) -> MailKind:
        """Which of its mails."""

    @property
    def planned(self) -> datetime:
        """When it was to leave."""

    @property
    def zone(self) -> str:
        """The user's zone."""

    @property
    def expiry_days(self) -> int:
        """Days after which the invitation expires."""


@dataclass(frozen=True, slots=True)
class UncertainMails:
    """Ask and record; needs `Ledger`, and a `RelayLog` unless none is configured."""

    ledger: Ledger
    relay_log: RelayLog | None
    message_ids: MessageIds

    @property
    def lag(self) -> timedelta:
        """How far the log may be behind."""
        return self.relay_log.lag if self.relay_log is not None else NO_LAG

    def ask_at(self, mail: DoubtfulMail) -> datetime | None:
        """Return from when on the log can know of a mail; None if it is not in doubt."""
        doubt = mail.invitation.doubt(mail.kind)
        return doubt.since + self.lag if doubt is not None else None

    async def look_up(self, mails: Sequence[DoubtfulMail]) -> list[RelayRecord]:
        """Return what the log says of each, by one look; without a log nothing is known.

        Raises:
            DependencyUnavailable: the log cannot be read.
        """
        since = [doubt.since for mail in mails if (doubt := mail.invitation.doubt(mail.kind)) is not None]
        if self.relay_log is None or not since:
            return [UNKNOWN] * len(mails)
        possible = [self._possible(mail) for mail in mails]
        found = await self.relay_log.find([each for some in possible for each in some], min(since))
        return [_one_of({each: found.get(each, UNKNOWN) for each in some}) for some in possible]

    def _possible(self, mail: DoubtfulMail) -> tuple[str, ...]:
        possible = self.message_ids.possible(mail.invitation.id, mail.kind)
        known = mail.invitation.left_as(mail.kind)
        return possible if known is None else tuple(dict.fromkeys([known, *possible]))

    async def arrived(self, mail: DoubtfulMail, record: RelayRecord, now: datetime) -> Sent | None:
        """Record a mail as sent when the relay took it; None if somebody else has decided about it."""
        doubt = mail.invitation.doubt(mail.kind)
        if doubt is None:
            return None
        # The relay's clock is another one, and its log may be accurate to the second only.
        at = min(max(record.at or doubt.since, doubt.since), now)
        due: DueAt | None = None
        if mail.kind is MailKind.INVITATION:
            due = due_at(at, mail.zone, mail.expiry_days)
        message_id = record.message_id or self._possible(mail)[0]
        sent = Sent(message_id, at, late=is_late(mail.planned, at), due=due)
        return sent if await self._end(mail, Verdict.ARRIVED, now, sent) else None

    async def end(self, mail: DoubtfulMail, verdict: Verdict, now: datetime) -> bool:
        """Record that a doubt is over without the mail having arrived; False if somebody else has done so."""
        return await self._end(mail, verdict, now, None)

    async def _end(self, mail: DoubtfulMail, verdict: Verdict, now: datetime, sent: Sent | None) -> bool:
        return await self.ledger.resolve(Resolution(mail.invitation.id, mail.kind, verdict, now, sent))


def _one_of(records: Mapping[str, RelayRecord]) -> RelayRecord:
    """Return what is known of a mail that left under one of these Message-IDs: absent only if all of them are."""
    for knowledge in (Knowledge.ACCEPTED, Knowledge.UNKNOWN):
        for message_id, record in records.items():
            if record.knowledge is knowledge:
                return replace(record, message_id=message_id)
    return next(iter(records.values()))
