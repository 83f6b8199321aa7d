from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from relance.contracts.cycle import CycleProgress, CycleStatistics, JobRunInput, StatisticsInput
from relance.domain.alerts.delivery import NotificationKind
from relance.domain.cycle.balance import CountedOutcomes
from relance.domain.failures import Severity
from relance.wording.alerts.messages import alert_message
from tests.activities.conftest import PERIOD, SEND_AT, Office

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
KEY = f"cycle-imbalance/{PERIOD}"


async def balanced(
    office: Office,
    *,
    at: datetime = SEND_AT,
    interim: bool = False,
    last: bool = False,
    heartbeat: tuple[Any, ...] | None = None,
) -> CycleStatistics:
    progress = CycleProgress(period=PERIOD)
    request = StatisticsInput(period=PERIOD, progress=progress, at=at, interim=interim, last=last)
    if heartbeat is None:
        return await office.run(office.statistics.balance, request)
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, attempt=2, heartbeat_details=[heartbeat])
    return await environment.run(office.statistics.balance, request)


async def test_an_account_that_adds_up_is_stored_and_wakes_nobody(office: Office) -> None:
    await office.add_user("u1")
    await office.plan()
    await office.send()
    assert (await balanced(office)).balance == 0
    assert await office.data.job_runs.statistics(PERIOD) is not None
    assert office.alert_groups.conditions == []


async def test_a_missing_entry_is_a_critical_alert_until_it_is_accounted_for(office: Office) -> None:
    await office.add_user("u1")
    await office.plan()
    await office.send()
    lost = await office.data.raw.invitations.find_one_and_delete({"contactId": "u1c1"})
    assert (await balanced(office)).balance == 1
    alert = (await office.data.alerts.open())[0]
    assert (alert.key, alert.severity, alert.evidence.value) == (KEY, Severity.CRITICAL, Decimal(1))
    assert (alert.evidence.baseline, alert.evidence.current) == (Decimal(3), Decimal(2))
    await office.data.raw.invitations.insert_one(lost)
    assert (await balanced(office)).balance == 0
    assert office.alert_groups.summary() == [("cycle-imbalance", [KEY], []), ("cycle-imbalance", [], [KEY])]


async def test_a_cycle_that_ends_with_open_plans_is_not_balanced(office: Office) -> None:
    for user in ("u1", "u2"):
        await office.add_user(user)
    await office.plan()
    assert (await balanced(office)).plans_open == 2
    assert office.alert_groups.conditions == [], "it still sends"
    assert (await balanced(office, last=True)).balance == 0
    [alert] = await office.data.alerts.open()
    assert (alert.key, alert.evidence.value, alert.labels["plans_open"]) == (KEY, Decimal(2), "2")
    assert alert_message(
        NotificationKind.FIRING, [alert], key="k", at=SEND_AT, language="en", attachments=(), runbook_url=None
    ).rows == (f"cycle {PERIOD} · 2 users not written to · to go on: starter.py start cycle --period {PERIOD}",)


async def test_plans_that_cannot_be_read_are_counted_and_told_and_the_rest_balances(office: Office) -> None:
    for user in ("u1", "u2"):
        await office.add_user(user)
    await office.plan()
    await office.data.raw.plans.update_one({"userId": "u1"}, {"$set": {"zone": 5}})
    await office.send()
    await office.data.raw.plans.update_many({"status": "sending"}, {"$set": {"status": "done"}})
    found = await balanced(office, last=True)
    assert (found.balance, found.plans_open, found.plans_unreadable) == (0, 0, 1)
    [alert] = await office.data.alerts.open()
    assert (alert.key, alert.severity) == (f"plans-unreadable/{PERIOD}", Severity.MEDIUM)


async def test_a_job_run_is_counted_once_with_its_duration(office: Office) -> None:
    request = JobRunInput(job="cleanup", nominal=SEND_AT, state="ran", at=SEND_AT, figures={"duration_s": 3.0})
    assert await office.run(office.statistics.record_job_run, request)
    assert not await office.run(office.statistics.record_job_run, request)
    assert office.meter.job_runs == [("cleanup", "ran", 3.0)]


async def test_a_count_that_was_cut_off_goes_on_where_it_was(office: Office) -> None:
    await office.add_user("u1")
    await office.add_user("u2")
    await office.plan()
    await office.send()
    await office.data.raw.invitations.update_many(
        {"userId": "u1"}, {"$set": {"status": "nonsense"}, "$unset": {"sentAt": 1}}
    )
    # Counted before that happened: not looked at again.
    earlier = CountedOutcomes.restored(f"{PERIOD}.u1.u1c2", [["sent", None, None, True, 3]])
    found = await balanced(office, heartbeat=earlier.state())
    assert (found.sent, found.balance) == (6, 0)
    assert (await balanced(office)).balance == 3


async def settling(office: Office) -> CycleStatistics:
    """Leave one mail for another try, and balance."""
    await office.add_user("u1")
    await office.plan()
    await office.send()
    await office.data.raw.plans.update_many({}, {"$set": {"status": "done"}})
    put_off = {"status": "sending", "retryAt": SEND_AT + HOUR}
    await office.data.raw.invitations.update_one({"contactId": "u1c1"}, {"$set": put_off, "$unset": {"sentAt": 1}})
    return await balanced(office, interim=True)


async def test_while_mails_wait_for_another_try_the_ledger_is_not_counted_again(office: Office) -> None:
    first = await settling(office)
    assert (first.open, first.sent, first.balance) == (1, 2, 0)
    await office.data.raw.invitations.update_one({"contactId": "u1c2"}, {"$set": {"status": "nonsense"}})
    later = await balanced(office, at=SEND_AT + 5 * MINUTE, interim=True)
    assert (later.open, later.sent, later.at, later.interim) == (1, 2, SEND_AT, True)
    stored = await office.data.job_runs.statistics(PERIOD)
    assert stored == first


@pytest.mark.parametrize(
    ("after", "interim", "change"),
    [
        (timedelta(hours=1), True, None),
        (timedelta(minutes=5), False, None),
        (timedelta(minutes=5), True, {"$set": {"status": "failed"}, "$unset": {"retryAt": 1}}),
    ],
    ids=["an hour later", "the last look", "nothing waits any more"],
)
async def test_it_is_counted_again_when(
    office: Office, after: timedelta, interim: bool, change: dict[str, Any] | None
) -> None:
    await settling(office)
    if change:
        await office.data.raw.invitations.update_one({"contactId": "u1c1"}, change)
    found = await balanced(office, at=SEND_AT + after, interim=interim)
    assert found.at == SEND_AT + after
    assert (found.open, found.balance) == (0 if change else 1, 0)


async def test_a_plan_that_is_open_or_an_account_that_does_not_add_up_is_counted_again(office: Office) -> None:
    await settling(office)
    await office.data.raw.plans.update_one({"userId": "u1"}, {"$set": {"status": "sending"}})
    assert (await balanced(office, at=SEND_AT + MINUTE, interim=True)).at == SEND_AT + MINUTE
    await office.data.raw.plans.update_one({"userId": "u1"}, {"$set": {"status": "done", "contacts": 4}})
    for minutes in (2, 3):
        found = await balanced(office, at=SEND_AT + minutes * MINUTE, interim=True)
        assert (found.at, found.balance) == (SEND_AT + minutes * MINUTE, 1)
