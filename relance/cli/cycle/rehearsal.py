"""The dry run of a cycle: what would be sent, to how many, when, and what differs from the month before (SPEC C16)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Group

from relance import ids
from relance.cli.base.command import Run
from relance.cli.base.output import Answer, table
from relance.cli.base.resources import Repositories
from relance.cli.schedules.preview import defaults
from relance.contracts.cycle import CycleStatistics
from relance.domain.cycle.control import VERBS, Control, ControlState
from relance.domain.cycle.planning import Plan, Planner, PlanReason, PlanStatus
from relance.domain.cycle.send_times import period_before
from relance.domain.invitations.addresses import mailbox_key
from relance.domain.invitations.bounds import beyond, parts
from relance.domain.invitations.eligibility import Refusal, duplicates, invitation_refusal
from relance.domain.invitations.invitation import InvitationStatus
from relance.domain.invitations.people import Contact, User
from relance.ports import Page
from relance.services.cycle_decisions import by_whom
from relance.wording.reasons import reason_in_words

IN_MEMORY = 2000
"""Contacts in memory at once."""

AT_ONCE = "With --now, whoever waits is written to at once; the start asks first, or takes --yes."
AS_PLANNED = (
    "A start leaves it as it is: what is planned goes out by itself, at the times above. "
    "To send it at once: `start cycle --period {period} --now --yes`."
)
_TO_SEND = {PlanStatus.PLANNED, PlanStatus.SENDING}
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

    control: Control | None = None
    known: bool = False
    """Whether the cycle has been opened: then what it has planned counts."""

    def count(self, instant: datetime, refusal: str | None) -> None:
        """Count one contact."""
        if refusal is not None:
            self.not_sent[refusal] += 1
        else:
            self.would_send += 1
            self.mails[instant] += 1


async def rehearse(run: Run, period: str, *, send_now: bool, far: str | None = None) -> Answer:
    """Compute what a start would send now, from the database alone; writes and sends nothing and needs no Temporal.

    Of a cycle that is open already: what it has planned, which a start leaves as it is, and `--now` makes due.
    """
    forecast = Forecast(period, run.settings.bounds.users_per_mailbox)
    async with run.database() as database:
        forecast.control = await database.controls.get(period)
        forecast.known = period in await database.plans.periods()
        planner = Planner(
            period=period,
            defaults=defaults(run.settings),
            at=run.services.clock.now(),
            max_late=run.settings.scheduling.max_late,
            opening=not forecast.known,
            send_now=send_now and not forecast.known,
            not_before=None,
        )
        with run.out.progress() as bar:
            task = bar.add_task("users looked at", total=None, detail="")
            async for page in database.users.pages():
                await _add_page(forecast, database, planner, page, send_now=send_now)
                bar.update(task, completed=forecast.users, detail=f"{forecast.would_send} mails")
        before = await database.job_runs.statistics(period_before(period))
    return _answer(forecast, before, _standing(forecast, send_now=send_now, far=far))


async def _add_page(
    forecast: Forecast, database: Repositories, planner: Planner, page: Page[User], *, send_now: bool
) -> None:
    sizes = await database.contacts.sizes([user.id for user in page.items])
    forecast.quarantined += page.quarantined
    for part in parts(sizes, database.contacts.per_user, IN_MEMORY):
        users = [user for user in page.items if user.id in part]
        await _add_users(forecast, database, planner, users, sizes, send_now=send_now)


async def _add_users(
    forecast: Forecast,
    database: Repositories,
    planner: Planner,
    users: Sequence[User],
    sizes: Mapping[str, int],
    *,
    send_now: bool,
) -> None:
    user_ids = [user.id for user in users]
    contacts = await database.contacts.of_users(user_ids)
    entries = await database.ledger.of_users(forecast.period, user_ids)
    plans = await database.plans.of_users(forecast.period, user_ids) if forecast.known else {}
    addresses = [contact.email for own in contacts.values() for contact in own if contact.email]
    suppressed = await database.suppressions.suppressed(addresses) if addresses else set()
    forecast.users += len(users)
    rest = beyond(sizes, database.contacts.per_user)
    for user in users:
        if not user.is_active:
            forecast.users_skipped["user_inactive"] += 1
            continue
        plan = _as_it_goes(plans.get(user.id), planner, user, send_now=send_now)
        forecast.notes.update(plan.notes)
        if forecast.control is not None and forecast.control.state.final:
            forecast.users_skipped[forecast.control.state.reason] += 1
            continue
        if plan.status not in {*_TO_SEND, PlanStatus.DONE}:
            forecast.users_skipped[plan.reason or "unknown"] += 1
            continue
        goes = plan.status is not PlanStatus.DONE
        forecast.waves[plan.instant] += goes
        own = entries.get(user.id, [])
        # What is open in a plan that is done waits for another try: its follow-up sends it.
        decided = {entry.id: entry.status for entry in own if entry.status not in _OPEN or not goes}
        for contact, refusal in _refused(user, contacts.get(user.id, []), suppressed):
            known = decided.get(ids.invitation_id(forecast.period, user.id, contact.id))
            if known:
                forecast.count(plan.instant, f"already_{known}")
            elif not goes:
                # A contact that was added after the user's turn waits for the next month.
                forecast.count(plan.instant, PlanReason.CONTACT_JOINED_LATER)
            else:
                forecast.count(plan.instant, refusal or forecast.take_slot(contact.email))
        if user.id in rest:
            forecast.not_sent[Refusal.CONTACT_LIMIT] += rest[user.id]


def _as_it_goes(stored: Plan | None, planner: Planner, user: User, *, send_now: bool) -> Plan:
    """Return a user's plan as a start would leave it: one that is written stays, but `--now` makes it due."""
    if stored is None:
        return planner.plan(user)
    if not (send_now and stored.status is PlanStatus.PLANNED):
        return stored
    return stored.model_copy(update={"instant": planner.at, "status": PlanStatus.SENDING})


def _standing(forecast: Forecast, *, send_now: bool, far: str | None) -> list[str]:
    """Return what to know before the start: that the cycle is open, or over, and what a start asks for."""
    period, control = forecast.period, forecast.control
    if control is not None and control.state.final:
        return [f"The cycle of {period} was {VERBS[control.state]}{by_whom(control)}: a start sends nothing."]
    lines = []
    if forecast.known:
        way = AT_ONCE if send_now else AS_PLANNED.format(period=period)
        if not forecast.would_send:
            way = "Nobody waits to be written to."
        lines.append(f"The cycle of {period} is open already. {way}")
    if control is not None and control.state is ControlState.PAUSED:
        lines.append(f"It is paused{by_whom(control)}: nothing is sent until `cycle resume {period}`.")
    if far is not None and not forecast.known:
        lines.append(f"The start wants --yes: {far}.")
    return lines


def _refused(user: User, contacts: Sequence[Contact], suppressed: set[str]) -> Iterator[tuple[Contact, Refusal | None]]:
    """Yield each contact with its refusal, None for those who would be invited."""
    doubles = duplicates(contacts)
    for contact in contacts:
        refusal = invitation_refusal(user, contact, suppressed=contact.email in suppressed)
        yield contact, refusal or (Refusal.DUPLICATE_ADDRESS if contact.id in doubles else None)


def _answer(forecast: Forecast, before: CycleStatistics | None, standing: Sequence[str]) -> Answer:
    instants = sorted(at for at, users in forecast.waves.items() if users)
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
        "open_already": forecast.known,
        "control": forecast.control.state if forecast.control is not None else None,
        "message": " ".join(standing),
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
        *standing,
    ]
    return Answer(data, Group(*parts))


def _refusals(forecast: Forecast) -> list[tuple[str, str, int]]:
    return [
        *(("contact", _words(code), count) for code, count in sorted(forecast.not_sent.items())),
        *(("user", _words(code), count) for code, count in sorted(forecast.users_skipped.items())),
        *((("document", "invalid, set aside", forecast.quarantined),) if forecast.quarantined else ()),
    ]


def _words(code: str) -> str:
    if code in {f"already_{status}" for status in _OPEN}:
        return "being sent, or waiting for another try"
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
