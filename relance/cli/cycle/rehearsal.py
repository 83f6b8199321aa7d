"""The dry run of a cycle: what would be sent, to how many, when, and what differs from the month before (SPEC C16)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Group

from relance import ids
from relance.cli.command import Run
from relance.cli.output import Answer, table
from relance.cli.preview import defaults
from relance.cli.services import Database
from relance.contracts.cycle import CycleStatistics
from relance.domain.addresses import mailbox_key
from relance.domain.bounds import beyond, parts
from relance.domain.eligibility import Refusal, duplicates, invitation_refusal
from relance.domain.invitation import InvitationStatus
from relance.domain.people import Contact, User
from relance.domain.phrases import reason_in_words
from relance.domain.plan import PlanStatus
from relance.domain.planning import Planner
from relance.domain.send_times import period_before
from relance.ports import Page

IN_MEMORY = 2000
"""Contacts in memory at once."""

_OPEN = {InvitationStatus.QUEUED, InvitationStatus.SENDING}


@dataclass(slots=True)
class Forecast:
    """What the cycle would do; contacts counted per instant and per reason, users per reason."""

    period: str
    users_per_mailbox: int
    users: int = 0
    quarantined: int = 0
    would_send: int = 0
    waves: Counter[datetime] = field(default_factory=Counter)
    mails: Counter[datetime] = field(default_factory=Counter)
    not_sent: Counter[str] = field(default_factory=Counter)
    users_skipped: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    mailboxes: Counter[int] = field(default_factory=Counter)

    def take_slot(self, address: str) -> Refusal | None:
        """Return the refusal of an invitation to a mailbox that enough users invite."""
        # A hash is enough to tell mailboxes apart, and keeps no address.
        mailbox = hash(mailbox_key(address))
        self.mailboxes[mailbox] += 1
        return Refusal.MAILBOX_LIMIT if self.mailboxes[mailbox] > self.users_per_mailbox else None

    def count(self, instant: datetime, refusal: str | None) -> None:
        """Count one contact."""
        if refusal is not None:
            self.not_sent[refusal] += 1
        else:
            self.would_send += 1
            self.mails[instant] += 1


async def rehearse(run: Run, period: str, *, send_now: bool) -> Answer:
    """Compute a cycle from the database alone; writes and sends nothing and needs no Temporal."""
    planner = Planner(
        period=period,
        defaults=defaults(run.settings),
        at=run.services.clock.now(),
        max_late=run.settings.scheduling.max_late,
        opening=True,
        send_now=send_now,
        not_before=None,
    )
    forecast = Forecast(period, run.settings.bounds.users_per_mailbox)
    async with run.database() as database:
        with run.out.progress() as bar:
            task = bar.add_task("users looked at", total=None, detail="")
            async for page in database.users.pages():
                await _add_page(forecast, database, planner, page)
                bar.update(task, completed=forecast.users, detail=f"{forecast.would_send} mails")
        before = await database.job_runs.statistics(period_before(period))
    return _answer(forecast, before)


async def _add_page(forecast: Forecast, database: Database, planner: Planner, page: Page[User]) -> None:
    sizes = await database.contacts.sizes([user.id for user in page.items])
    forecast.quarantined += page.quarantined
    for part in parts(sizes, database.contacts.per_user, IN_MEMORY):
        await _add_users(forecast, database, planner, [user for user in page.items if user.id in part], sizes)


async def _add_users(
    forecast: Forecast, database: Database, planner: Planner, users: Sequence[User], sizes: Mapping[str, int]
) -> None:
    user_ids = [user.id for user in users]
    contacts = await database.contacts.of_users(user_ids)
    entries = await database.ledger.of_users(forecast.period, user_ids)
    addresses = [contact.email for own in contacts.values() for contact in own if contact.email]
    suppressed = await database.suppressions.suppressed(addresses) if addresses else set()
    forecast.users += len(users)
    rest = beyond(sizes, database.contacts.per_user)
    for user in users:
        if not user.is_active:
            forecast.users_skipped["user_inactive"] += 1
            continue
        plan = planner.plan(user)
        forecast.notes.update(plan.notes)
        if plan.status is not PlanStatus.PLANNED:
            forecast.users_skipped[plan.reason or "unknown"] += 1
            continue
        forecast.waves[plan.instant] += 1
        own = entries.get(user.id, [])
        decided = {entry.id: entry.status for entry in own if entry.status not in _OPEN}
        for contact, refusal in _refused(user, contacts.get(user.id, []), suppressed):
            known = decided.get(ids.invitation_id(forecast.period, user.id, contact.id))
            forecast.count(plan.instant, f"already_{known}" if known else refusal or forecast.take_slot(contact.email))
        if user.id in rest:
            forecast.not_sent[Refusal.CONTACT_LIMIT] += rest[user.id]


def _refused(user: User, contacts: Sequence[Contact], suppressed: set[str]) -> Iterator[tuple[Contact, Refusal | None]]:
    """Yield each contact with its refusal, None for those who would be invited."""
    doubles = duplicates(contacts)
    for contact in contacts:
        refusal = invitation_refusal(user, contact, suppressed=contact.email in suppressed)
        yield contact, refusal or (Refusal.DUPLICATE_ADDRESS if contact.id in doubles else None)


def _answer(forecast: Forecast, before: CycleStatistics | None) -> Answer:
    instants = sorted(forecast.waves)
    data = {
        "dry_run": True,
        "period": forecast.period,
        "users": forecast.users,
        "users_planned": sum(forecast.waves.values()),
        "users_skipped": dict(forecast.users_skipped),
        "quarantined": forecast.quarantined,
        "would_send": forecast.would_send,
        "not_sent": dict(forecast.not_sent),
        "waves": [{"at": at, "users": forecast.waves[at], "mails": forecast.mails[at]} for at in instants],
        "notes": dict(forecast.notes),
        "difference": _difference(forecast, before) if before is not None else None,
    }
    parts: list[Any] = [
        table(
            f"Dry run of {forecast.period}: what would be sent",
            ("wave", "users", "mails"),
            [(at, forecast.waves[at], forecast.mails[at]) for at in instants],
        ),
        table("What would not be sent", ("who", "reason", "count"), _refusals(forecast)),
        _compared(forecast, before),
        f"{forecast.would_send} mails of {sum(forecast.waves.values())} users would be sent; nothing was written.",
    ]
    return Answer(data, Group(*parts))


def _refusals(forecast: Forecast) -> list[tuple[str, str, int]]:
    return [
        *(("contact", _words(code), count) for code, count in sorted(forecast.not_sent.items())),
        *(("user", _words(code), count) for code, count in sorted(forecast.users_skipped.items())),
        *((("document", "invalid, set aside", forecast.quarantined),) if forecast.quarantined else ()),
    ]


def _words(code: str) -> str:
    if code.startswith("already_"):
        return f"decided already: {code.removeprefix('already_')}"
    return reason_in_words(code)


def _difference(forecast: Forecast, before: CycleStatistics) -> dict[str, int]:
    """Return forecast minus the month before: sent, and each reason on either side."""
    reasons = sorted({*forecast.not_sent, *before.skipped})
    changes = {reason: forecast.not_sent[reason] - before.skipped.get(reason, 0) for reason in reasons}
    return {"sent": forecast.would_send - before.sent, **{reason: n for reason, n in changes.items() if n}}


def _compared(forecast: Forecast, before: CycleStatistics | None) -> object:
    if before is None:
        return f"There is no report of {period_before(forecast.period)} to compare with."
    rows = [(_words(key) if key != "sent" else key, f"{n:+d}") for key, n in _difference(forecast, before).items()]
    return table(f"Compared with {before.period}", ("what", "difference"), rows)
