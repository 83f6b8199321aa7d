"""Resolves uncertain mails with the relay's log, and records the result (SPEC X4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from relance import ids
from relance.domain.cycle.planning import is_late
from relance.domain.cycle.send_times import due_at
from relance.domain.invitations.invitation import DueAt, Invitation, MailKind, Verdict
from relance.ports import Knowledge, Ledger, RelayLog, RelayRecord, Resolution, Sent

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
    message_id_domain: str

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
        message_ids = [self._message_id(mail) for mail in mails]
        found = await self.relay_log.find(message_ids, min(since))
        return [found.get(message_id, UNKNOWN) for message_id in message_ids]

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
        sent = Sent(self._message_id(mail), at, late=is_late(mail.planned, at), due=due)
        return sent if await self._end(mail, Verdict.ARRIVED, now, sent) else None

    async def end(self, mail: DoubtfulMail, verdict: Verdict, now: datetime) -> bool:
        """Record that a doubt is over without the mail having arrived; False if somebody else has done so."""
        return await self._end(mail, verdict, now, None)

    async def _end(self, mail: DoubtfulMail, verdict: Verdict, now: datetime, sent: Sent | None) -> bool:
        return await self.ledger.resolve(Resolution(mail.invitation.id, mail.kind, verdict, now, sent))

    def _message_id(self, mail: DoubtfulMail) -> str:
        return ids.message_id(mail.invitation.id, mail.kind, self.message_id_domain)
