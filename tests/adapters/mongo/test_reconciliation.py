from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from relance.adapters.mongo.connection import Database
from relance.adapters.mongo.documents import MotorDatabase, Raw
from relance.adapters.mongo.reconciliation import MongoReconcileRows
from relance.domain.invitations.invitation import Invitation
from relance.domain.invitations.reconciliation import overdue, remaining_steps
from relance.ports.reconciliation import ReconcileRow

PERIOD = "2026-11"
AT = datetime(2026, 11, 13, 12, 0, tzinfo=UTC)
LATE_SINCE = AT - timedelta(hours=2)
DAY = timedelta(days=1)


@pytest.fixture
def reconcile_rows(served: MotorDatabase) -> MongoReconcileRows:
    return MongoReconcileRows(served)


def entry(contact: str, status: str = "sent", user: str = "u1", **fields: Any) -> Raw:
    due = {"first": AT - 5 * DAY, "second": AT - DAY, "expiry": AT + 22 * DAY}
    return {
        "_id": f"{PERIOD}.{user}.{contact}",
        "period": PERIOD,
        "userId": user,
        "contactId": contact,
        "status": status,
        "queuedAt": AT - 8 * DAY,
        "sentAt": AT - 8 * DAY,
        "dueAt": due,
        **fields,
    }


def plan(user: str, **fields: Any) -> Raw:
    return {"_id": f"{PERIOD}.{user}", "period": PERIOD, "userId": user, "instant": AT, "status": "done", **fields}


async def page(reconcile_rows: MongoReconcileRows, after: str | None = None, size: int = 10) -> list[ReconcileRow]:
    return await reconcile_rows.page(PERIOD, after, size, at=AT, late_since=LATE_SINCE)


def reminders(*kinds: str) -> list[Raw]:
    return [{"type": kind, "sentAt": AT - 5 * DAY, "messageId": "<m@form.example>"} for kind in kinds]


def skips(*kinds: str) -> list[Raw]:
    return [{"type": kind, "reason": "reminders_off", "at": AT - DAY} for kind in kinds]


def failed(ago: timedelta) -> Raw:
    return {"code": "4.2.2", "class": "soft_recipient", "severity": "low", "at": AT - ago}


ENTRIES: list[Raw] = [
    entry("plain"),
    entry("opened", "opened"),
    entry("first-sent", reminders=reminders("first")),
    entry("all-sent", reminders=reminders("first", "second")),
    entry("first-skipped", reminderSkips=skips("first")),
    entry("failed-before", lastError=failed(6 * DAY)),
    entry("failed-since", lastError=failed(timedelta(hours=3))),
    entry("claimed", claim={"kind": "second", "token": "t", "at": AT}),
    entry("expiry-past", dueAt={"first": AT - 9 * DAY, "second": AT - 8 * DAY, "expiry": AT - DAY}),
    entry("all-ahead", dueAt={"first": AT + DAY, "second": AT + 5 * DAY, "expiry": AT + 30 * DAY}),
    entry("just-due", dueAt={"first": AT - DAY / 24, "second": AT + DAY, "expiry": AT + 30 * DAY}),
    *(entry(status, status) for status in ("submitted", "expired", "cancelled", "bounced", "queued", "skipped")),
    entry("retried", "sending", dueAt=None, retryAt=AT - timedelta(hours=3)),
    entry("retried-soon", "sending", dueAt=None, retryAt=AT + timedelta(hours=3)),
    entry("being-sent", "sending", dueAt=None, claim={"kind": "invitation", "token": "t", "at": AT}),
]


@pytest.mark.parametrize("raw", ENTRIES, ids=lambda raw: raw["contactId"])
async def test_the_first_sight_of_the_server_is_what_the_domain_decides(
    db: Database, reconcile_rows: MongoReconcileRows, raw: Raw
) -> None:
    await db.raw.plans.insert_one(plan("u1", contacts=1))
    await db.raw.invitations.insert_one(raw)
    [found] = await page(reconcile_rows)
    model = Invitation.model_validate({name: value for name, value in raw.items() if value is not None})
    assert (found.ahead, found.contacts) == (int(remaining_steps(model, AT) is not None), 1)
    assert found.overdue == overdue(model, LATE_SINCE)
    assert found.due == overdue(model.model_copy(update={"last_error": None}), AT + timedelta(milliseconds=1))


async def test_the_first_sight_knows_nothing_of_the_distance_between_mails(
    db: Database, reconcile_rows: MongoReconcileRows
) -> None:
    fresh = [{"type": "first", "sentAt": AT - DAY / 2, "messageId": "<m@form.example>"}]
    await db.raw.plans.insert_one(plan("u1", contacts=1))
    await db.raw.invitations.insert_one(raw := entry("fresh", reminders=fresh))
    [found] = await page(reconcile_rows)
    assert (found.overdue, found.due) == (1, 1)
    assert overdue(Invitation.model_validate(raw), LATE_SINCE) == 0


async def test_users_come_page_by_page_with_their_own_figures(db: Database, reconcile_rows: MongoReconcileRows) -> None:
    await db.raw.plans.insert_many([plan(user) for user in ("a", "b", "b-2", "c")])
    await db.raw.plans.insert_one({**plan("a"), "_id": "2026-12.a", "period": "2026-12"})
    await db.raw.invitations.insert_many([entry("1", user="b-2"), entry("2", user="b-2"), entry("1", user="c")])
    first = await page(reconcile_rows, size=3)
    rest = await page(reconcile_rows, after=first[-1].user_id, size=3)
    assert [(one.user_id, one.ahead) for one in first] == [("a", 0), ("b", 0), ("b-2", 2)]
    assert [(one.user_id, one.ahead, one.contacts) for one in rest] == [("c", 1, None)]
    assert await page(reconcile_rows, after="c") == []
    assert await reconcile_rows.periods() == [PERIOD, "2026-12"]


async def test_what_was_sent_between_two_instants_is_counted(db: Database, reconcile_rows: MongoReconcileRows) -> None:
    ago = [timedelta(days=days) for days in (1, 2, 3)]
    await db.raw.invitations.insert_many([entry(str(n), sentAt=AT - one) for n, one in enumerate(ago)])
    assert await reconcile_rows.sent_between(PERIOD, AT - 2 * DAY, AT) == 2
    assert await reconcile_rows.sent_between(PERIOD, AT - 3 * DAY, AT - 2 * DAY) == 1


async def test_the_pages_read_along_an_index(db: Database, reconcile_rows: MongoReconcileRows) -> None:
    match = {"period": PERIOD, "userId": {"$gte": "a", "$lte": "b"}, "status": {"$in": ["sent"]}}
    explained = await db.raw.command("explain", {"find": "invitations", "filter": match})
    assert "COLLSCAN" not in str(explained["queryPlanner"]["winningPlan"])
