"""What the demo shows in the end: the ledger's account beside what the mailbox really holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Group

from relance.cli.base.output import Answer, table
from relance.cli.cycle.report import Rows, reminders_sent, report_view
from relance.cli.demo.answers import CLICKS, EVENTS, REPORTS
from relance.cli.demo.desk_report import DeskAccount
from relance.contracts.cycle import CycleStatistics
from relance.domain.invitations.invitation import Invitation, InvitationStatus
from relance.runtime.process_exit import DONE, JOB_FAILED

WITHOUT_OUTCOME = {InvitationStatus.QUEUED, InvitationStatus.SENDING}


@dataclass(frozen=True, slots=True)
class MonthAccount:
    """The month's ending: `arrived` are the Message-IDs of the mailbox's own log, in order;
    `came_in` counts what was taken by each way in."""

    statistics: CycleStatistics
    reminders: Rows
    entries: list[Invitation]
    arrived: list[str]
    came_in: Mapping[str, int]

    @property
    def data(self) -> dict[str, Any]:
        """The figures for machines."""
        statuses = Counter(entry.status for entry in self.entries)
        account = self.statistics
        return {
            "eligible": account.eligible,
            "sent": account.sent,
            "skipped": sum(account.skipped.values()),
            "failed": sum(account.failed.values()),
            "uncertain": account.uncertain,
            "balance": account.balance,
            "mailbox_messages": len(self.arrived),
            "duplicates": len(self.arrived) - len(set(self.arrived)),
            "lost": self._lost(),
            "reminders": reminders_sent(self.reminders),
            "submitted": statuses[InvitationStatus.SUBMITTED],
            "unsubscribed": statuses[InvitationStatus.CANCELLED],
            "bounced": statuses[InvitationStatus.BOUNCED],
            "expired": statuses[InvitationStatus.EXPIRED],
            **{way: self.came_in[way] for way in (EVENTS, CLICKS, REPORTS)},
        }

    def _lost(self) -> int:
        arrived = set(self.arrived)
        missing = sum(message_id not in arrived for entry in self.entries for message_id in _message_ids(entry))
        open_ = sum(entry.status in WITHOUT_OUTCOME for entry in self.entries)
        return missing + open_


@dataclass(frozen=True, slots=True)
class Account:
    """The demo's ending."""

    month: MonthAccount
    desk: DeskAccount
    duration_s: float
    places: list[tuple[str, str]]

    def answer(self) -> Answer:
        """Return the report; the job failed unless everything adds up."""
        month = self.month.data
        taken = [(month["submitted"], EVENTS), (month["unsubscribed"], CLICKS), (month["bounced"], REPORTS)]
        unheard = any(ended < month[way] for ended, way in taken)
        sound = not (month["balance"] or month["duplicates"] or month["lost"] or unheard or self.desk.problems)
        kinds = _kinds(self.month.arrived)
        checks = [
            ("mails in the mailbox", month["mailbox_messages"], ", ".join(f"{n} {kind}" for kind, n in kinds.items())),
            ("duplicates", month["duplicates"], "the same Message-ID accepted twice"),
            ("lost", month["lost"], "sent by the ledger but not in the mailbox, or without an outcome"),
            ("submitted", month["submitted"], f"{month[EVENTS]} by events over HTTP"),
            ("unsubscribed", month["unsubscribed"], f"{month[CLICKS]} by one click on the link in the mail"),
            ("bounced", month["bounced"], f"{month[REPORTS]} by a delivery report"),
            ("expired", month["expired"], "no answer in time"),
            ("duration", f"{self.duration_s:.1f} s", "for a month of sending, a month of reminders, and two mornings"),
        ]
        view = Group(
            report_view(self.month.statistics, self.month.reminders),
            table("What really arrived", ("what", "count", "verdict"), checks),
            self.desk.view(),
            table("Places (KEEP=1 keeps them running after the demo)", ("what", "where"), self.places),
        )
        data = {**month, **self.desk.data, "duration_s": round(self.duration_s, 1)}
        return Answer(data, view, DONE if sound else JOB_FAILED)


def _message_ids(entry: Invitation) -> Iterable[str]:
    if entry.sent_at is not None and entry.message_id is not None:
        yield entry.message_id
    yield from (reminder.message_id for reminder in entry.reminders)


def _kinds(message_ids: list[str]) -> Counter[str]:
    # `<sealed invitation>.<kind>@<domain>`, see `ports.MessageIds`.
    return Counter(message_id.rpartition("@")[0].rpartition(".")[2] for message_id in message_ids)
