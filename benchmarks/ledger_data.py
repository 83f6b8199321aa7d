"""Two periods of a large installation, written straight into MongoDB: documents as our adapters store them.

`OLD` is a period whose wave is a month past, its reminders are out and its expiry is a day ahead. `YOUNG` is in the
middle of its wave. Beside them lies what a year leaves behind: job runs, alerts, messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import MongoClient
from pymongo.collection import Collection

from relance.adapters.mongo.documents import Raw, to_raw
from relance.domain.alerts.model import AlertRecord, AlertState, Evidence
from relance.domain.cycle.control import Compensation, ControlState, compensation_id
from relance.domain.cycle.planning import Plan, PlanStatus
from relance.domain.failures import Severity
from relance.domain.invitations.invitation import (
    Claim,
    Doubt,
    DueAt,
    Invitation,
    InvitationStatus,
    LastError,
    MailKind,
    Reminder,
    ReminderSkip,
)
from relance.domain.jobs.run import JobRun
from relance.ids import invitation_id, message_id, plan_id

OLD, YOUNG = "2026-10", "2026-11"
NOW = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
CONTACTS = 20
AT_ONCE = 5000
WRITERS = 2
_DAY = timedelta(days=1)
_S = InvitationStatus
_DOMAIN = "form.example"


def load(uri: str, database: str, entries: int, say: Any) -> None:
    """Write `entries` invitations of `OLD` and a share of them of `YOUNG`, with plans and everything else."""
    client: MongoClient[Raw] = MongoClient(uri, w=1, journal=False, tz_aware=True)
    try:
        data = client[database]
        users = entries // CONTACTS
        for period, some in ((OLD, users), (YOUNG, young_users(users))):
            _insert(data.plans, (plan(period, number, some) for number in range(some)))
            _insert(data.invitations, (entry(period, number) for number in range(some * CONTACTS)), say)
        _insert(data.compensations, (compensation(number) for number in range(entries // 10)))
        _insert(data.jobRuns, (job_run(number) for number in range(entries // 50)))
        _insert(data.alerts, (alert(number) for number in range(entries // 250)))
        for name in ("attachments", "quarantine", "postedReports", "chatMessages"):
            _insert(data[name], (small(name, number) for number in range(entries // 500)))
    finally:
        client.close()


def young_users(users: int) -> int:
    """Return how many users the young period has."""
    return max(2, users * 6 // 100)


def entry(period: str, number: int) -> Raw:
    """Return the invitation with a number; every fiftieth is one of the rarer kinds."""
    user, contact = _user(number // CONTACTS), f"c{number // CONTACTS:07d}-{number % CONTACTS:02d}"
    shapes = _SHAPES[period]
    raw = dict(shapes[(number * 7919) % len(shapes)])
    key = invitation_id(period, user, contact)
    raw |= {"_id": key, "userId": user, "contactId": contact}
    if "messageId" in raw:
        raw["messageId"] = message_id(key, MailKind.INVITATION, _DOMAIN)
    if "reminders" in raw:
        raw["reminders"] = [{**one, "messageId": message_id(key, one["type"], _DOMAIN)} for one in raw["reminders"]]
    return raw


def plan(period: str, number: int, users: int) -> Raw:
    """Return a user's plan: done, or in the young period done, being sent or still ahead."""
    user, at = _user(number), _wave(period)
    status = PlanStatus.DONE
    if period == YOUNG and number > users // 2:
        status = PlanStatus.SENDING if number < users // 2 + 400 else PlanStatus.PLANNED
    one = Plan(
        id=plan_id(period, user),
        period=period,
        user_id=user,
        instant=at if status is not PlanStatus.PLANNED else at + timedelta(hours=number % 72),
        local="2026-10-05T18:00",
        zone="Europe/Paris",
        status=status,
        contacts=CONTACTS if status is not PlanStatus.PLANNED else None,
        updated_at=at,
    )
    return to_raw(one)


def compensation(number: int) -> Raw:
    """Return the record of an invitation of `OLD` that was taken back."""
    document = invitation_id(OLD, _user(number // CONTACTS), f"c{number // CONTACTS:07d}-{number % CONTACTS:02d}")
    return to_raw(
        Compensation(
            id=compensation_id(ControlState.CANCELLED, "invitations", document),
            period=OLD,
            decision=ControlState.CANCELLED,
            collection="invitations",
            document_id=document,
            previous="queued",
            by="somebody",
            at=NOW - 20 * _DAY,
        )
    )


def job_run(number: int) -> Raw:
    """Return a record of a job that runs every five minutes."""
    at = NOW - number * timedelta(minutes=5)
    run = JobRun(job="health", nominal=at, state="ran", at=at, detail={}, figures={"duration_s": 0.4})
    return {name: value for name, value in run.model_dump(by_alias=True).items() if name != "history"}


def alert(number: int) -> Raw:
    """Return an alert that is over."""
    at = NOW - number * timedelta(minutes=20)
    return to_raw(
        AlertRecord(
            id=f"alert-{number}",
            key=f"default-lp/{number}",
            rule="default-lp",
            group="default-lp",
            subject=str(number),
            severity=Severity.HIGH,
            evidence=Evidence(),
            state=AlertState.RESOLVED,
            fired_at=at,
            updated_at=at + _DAY,
            resolved_at=at + _DAY,
        )
    )


def small(name: str, number: int) -> Raw:
    """Return a document of one of the collections that nothing but their age and number matter of."""
    at = NOW - number * timedelta(minutes=30)
    field = "createdAt" if name == "attachments" else "at"
    key: Any = {"key": f"message-{number}", "filename": "chart.png"} if name == "attachments" else f"{name}-{number}"
    more: Raw = {"number": number + 1} if name == "chatMessages" else {}
    more |= {"job": "digest", "nominal": at, "done": True} if name == "postedReports" else {}
    return {"_id": key, field: at, **more}


def _wave(period: str) -> datetime:
    return datetime(2026, 10, 5, 16, 0, tzinfo=UTC) if period == OLD else NOW - timedelta(minutes=30)


def _user(number: int) -> str:
    return f"u{number:07d}"


def _shapes(period: str) -> list[Raw]:
    """Return 200 invitations as they differ from each other, without their ids."""
    at = _wave(period)
    due = DueAt(first=at + 3 * _DAY, second=at + 7 * _DAY, expiry=at + 30 * _DAY)
    base = {"id": "-", "period": period, "user_id": "u", "contact_id": "c", "queued_at": at, "attempts": 1}
    sent = {**base, "sent_at": at, "message_id": "-", "due_at": due}
    failed = LastError.model_validate({"code": "5.1.1", "class": "hard_recipient", "severity": "low", "at": at})
    deferred = failed.model_copy(update={"code": "4.2.2", "class_": "soft_recipient"})
    first = Reminder(type=MailKind.FIRST, sent_at=due.first, message_id="-")
    second = Reminder(type=MailKind.SECOND, sent_at=due.second, message_id="-")
    skip = ReminderSkip(type=MailKind.SECOND, reason="submitted", at=due.second)
    over = period == OLD
    reminders = (first, second) if over else ()
    answered = {"reminders": (first,), "reminder_skips": (skip,)} if over else {}
    doubt = Doubt(kind=MailKind.INVITATION, since=at)
    claim = Claim(kind=MailKind.INVITATION, token="run/1/000000001", at=NOW - timedelta(seconds=2))
    waiting = {**base, "retry_at": NOW + _DAY, "last_error": deferred}
    sending = {**base, "status": _S.SENDING, "claim": claim}
    kinds: list[tuple[int, dict[str, Any]]] = [
        (110, {**sent, "status": _S.SENT, "reminders": reminders}),
        (20, {**sent, "status": _S.OPENED, "reminders": reminders, "opened_at": at + _DAY}),
        (35, {**sent, "status": _S.SUBMITTED, "submitted_at": at + 4 * _DAY, **answered}),
        (5, {**sent, "status": _S.CANCELLED, "reason": "opted_out", "ended_at": at + 4 * _DAY, **answered}),
        (4, {**sent, "status": _S.BOUNCED, "reason": "bounced", "ended_at": at + _DAY}),
        (12, {**base, "status": _S.SKIPPED, "reason": "opted_out", "ended_at": at, "attempts": 0}),
        (6, {**base, "status": _S.FAILED, "reason": "hard_recipient", "ended_at": at, "last_error": failed}),
        (3, {**base, "status": _S.CANCELLED, "reason": "cancelled", "ended_at": at}),
        (2, {**base, "status": _S.UNCERTAIN, "reason": "uncertain", "ended_at": at, "doubts": (doubt,)}),
        (1, {**waiting, "status": _S.SENDING}),
        (2, {**sent, "status": _S.SENT, "reminders": reminders} if over else sending),
    ]
    return [_without_ids(Invitation.model_validate(fields)) for count, fields in kinds for _ in range(count)]


def _without_ids(one: Invitation) -> Raw:
    return {name: value for name, value in to_raw(one).items() if name not in {"_id", "userId", "contactId"}}


_SHAPES = {period: _shapes(period) for period in (OLD, YOUNG)}


def _insert(collection: Collection[Raw], documents: Iterator[Raw], say: Any = None) -> None:
    """Insert documents from several threads: the server is what takes the time."""
    done = 0
    with ThreadPoolExecutor(WRITERS) as pool:
        waiting = []
        while batch := [one for _, one in zip(range(AT_ONCE), documents, strict=False)]:
            waiting.append(pool.submit(collection.insert_many, batch, ordered=False))
            if len(waiting) > 2 * WRITERS:
                waiting.pop(0).result()
            done += len(batch)
            if say is not None and done % 500_000 == 0:
                say(f"{collection.name}: {done}")
        for one in waiting:
            one.result()
