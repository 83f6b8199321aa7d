"""`cycle uncertain`: the mails whose reply was lost, what the relay's log says of them, and its record (SPEC X4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from relance.cli.base.command import Run
from relance.cli.base.confirming import YesOption, confirm
from relance.cli.base.output import Answer, cell, table
from relance.cli.base.periods import read_period
from relance.cli.base.resources import Repositories
from relance.domain.invitations.invitation import Doubt, Invitation, InvitationStatus, MailKind, Verdict
from relance.ports import Knowledge, RelayRecord
from relance.services.uncertain_mail import UncertainMails
from relance.wording.summaries import counted

PAGE = 500
MOST_SHOWN = 50


class Action(StrEnum):
    """What `--resolve` does about a mail."""

    RECORD = "record as sent"
    GIVE_UP = "record as not sent"
    SENT_AGAIN = "none: it is sent again by itself"
    NONE = "none: nothing is known"


_RECORDED = frozenset({Action.RECORD, Action.GIVE_UP})


@dataclass(frozen=True, slots=True)
class UncertainMail:
    """One mail in doubt, and what is needed to record it as sent."""

    invitation: Invitation
    kind: MailKind
    doubt: Doubt
    planned: datetime
    zone: str
    expiry_days: int


@dataclass(frozen=True, slots=True)
class UncertainLine:
    """One mail and what is known of it; `record` None if the log may not know yet."""

    mail: UncertainMail
    record: RelayRecord | None
    action: Action

    @property
    def says(self) -> str:
        """What the log says, in a word."""
        return self.record.knowledge.value if self.record else "too young to be asked about"

    def data(self) -> dict[str, object]:
        """Return it for machines."""
        record = self.record or RelayRecord(Knowledge.UNKNOWN)
        return {
            "invitation_id": self.mail.invitation.id,
            "kind": self.mail.kind,
            "since": self.mail.doubt.since,
            "status": self.mail.invitation.status,
            "log": self.says,
            "accepted_at": record.at,
            "queue_id": record.queue_id,
            "fate": record.fate,
            "action": self.action,
        }


async def uncertain(
    run: Run,
    period: Annotated[str, typer.Argument(help="The month, YYYY-MM.", metavar="PERIOD")],
    *,
    resolve: Annotated[
        bool, typer.Option("--resolve", help="Record what is known; without it nothing changes.")
    ] = False,
    yes: YesOption = False,
) -> Answer:
    """List the mails whose reply was lost, with what the relay's log says; with --resolve, record it: asks first."""
    read_period(period)
    lines: list[UncertainLine] = []
    async with run.database() as database, run.services.relay_log(run.settings) as log:
        doubts = UncertainMails(database.ledger, log, run.services.message_ids(run.settings))
        now = run.services.clock.now()
        async for mails in _pages(run, database, period):
            lines += await _looked_up(doubts, mails, now)
        known = [line for line in lines if line.action in _RECORDED]
        if resolve and known:
            confirm(
                run, f"what the log says of {counted(len(known), 'mail')} of {period} is recorded for good", yes=yes
            )
            # A worker may have been faster since.
            lines = [line for line in lines if await _done(doubts, line, now)]
    return _answer(period, lines, resolved=resolve, asked=log is not None)


async def _pages(run: Run, database: Repositories, period: str) -> AsyncIterator[list[UncertainMail]]:
    after = ""
    while entries := await database.ledger.doubtful(period, after, PAGE):
        yield [mail for entry in entries for mail in await _mails(run, database, entry)]
        after = entries[-1].id


async def _mails(run: Run, database: Repositories, entry: Invitation) -> list[UncertainMail]:
    plan = next((each for each in await database.plans.of_user(entry.user_id) if each.period == entry.period), None)
    planned, zone = (plan.instant, plan.zone) if plan else (entry.queued_at, run.settings.scheduling.default_zone)
    found = [(kind, doubt) for kind in MailKind if (doubt := entry.doubt(kind)) is not None]
    return [
        UncertainMail(entry, kind, doubt, planned, zone, run.settings.scheduling.expiry_days) for kind, doubt in found
    ]


async def _looked_up(doubts: UncertainMails, mails: Sequence[UncertainMail], now: datetime) -> list[UncertainLine]:
    ripe = [mail for mail in mails if mail.doubt.since + doubts.lag <= now]
    records = dict(zip(map(id, ripe), await doubts.look_up(ripe), strict=True))
    return [UncertainLine(mail, records.get(id(mail)), _action(mail, records.get(id(mail)))) for mail in mails]


def _action(mail: UncertainMail, record: RelayRecord | None) -> Action:
    if record is not None and record.knowledge is Knowledge.ACCEPTED:
        return Action.RECORD
    if mail.kind is MailKind.INVITATION and mail.invitation.status is InvitationStatus.SENDING:
        return Action.SENT_AGAIN
    return Action.GIVE_UP if record is not None and record.knowledge is Knowledge.ABSENT else Action.NONE


async def _done(doubts: UncertainMails, line: UncertainLine, now: datetime) -> bool:
    """Do what a line says; return False if a worker was faster."""
    if line.action is Action.RECORD and line.record is not None:
        return await doubts.arrived(line.mail, line.record, now) is not None
    if line.action is Action.GIVE_UP:
        return await doubts.end(line.mail, Verdict.MISSED, now)
    return True


def _answer(period: str, lines: Sequence[UncertainLine], *, resolved: bool, asked: bool) -> Answer:
    actions = Counter(line.action for line in lines)
    data = {
        "period": period,
        "resolved": resolved,
        "relay_log": asked,
        "mails": len(lines),
        "actions": {action: actions[action] for action in Action},
        "list": [line.data() for line in lines],
    }
    if not lines:
        return Answer(data, f"No mail of {period} is uncertain.")
    did = "Done" if resolved else "With --resolve"
    rows = [
        (line.mail.invitation.id, line.mail.kind, line.mail.doubt.since, _seen(line), line.action)
        for line in lines[:MOST_SHOWN]
    ]
    hidden = f", the first {MOST_SHOWN} shown" if len(lines) > MOST_SHOWN else ""
    source = "" if asked else "; no relay log is configured (RELANCE_RELAY_LOG__KIND)"
    title = f"Uncertain mails of {period}: {len(lines)}{hidden}{source}"
    return Answer(data, table(title, ("invitation", "mail", "handed over", "the relay's log", did), rows))


def _seen(line: UncertainLine) -> str:
    record = line.record
    if record is None or record.knowledge is not Knowledge.ACCEPTED:
        return line.says
    at = f" {cell(record.at)}" if record.at else ""
    return f"{record.knowledge}{at}, {record.fate}, as {record.queue_id}"
