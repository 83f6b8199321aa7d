from __future__ import annotations

from decimal import Decimal

from relance.contracts.cycle import CycleProgress, CycleStatistics, JobRunInput, StatisticsInput
from relance.domain.alert_wording.messages import alert_message
from relance.domain.alerts.due import Telling
from relance.domain.failures import Severity
from tests.activities.conftest import PERIOD, SEND_AT, Office

KEY = f"cycle-imbalance/{PERIOD}"


async def balanced(office: Office, *, last: bool = False) -> CycleStatistics:
    request = StatisticsInput(period=PERIOD, progress=CycleProgress(period=PERIOD), at=SEND_AT, last=last)
    return await office.run(office.statistics.balance, request)


async def test_an_account_that_adds_up_is_stored_and_wakes_nobody(office: Office) -> None:
    await office.add_user("u1")
    await office.plan()
    await office.send()
    assert (await balanced(office)).balance == 0
    assert await office.data.job_runs.statistics(PERIOD) is not None
    assert office.alert_groups.sightings == []


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
    assert office.alert_groups.sightings == [], "it still sends"
    assert (await balanced(office, last=True)).balance == 0
    [alert] = await office.data.alerts.open()
    assert (alert.key, alert.evidence.value, alert.labels["plans_open"]) == (KEY, Decimal(2), "2")
    assert alert_message(
        Telling.FIRING, [alert], key="k", at=SEND_AT, language="en", attachments=(), runbook_url=None
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
