"""A month cannot vanish: whoever got no mail is in the statistics with his reason."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from relance.contracts.cycle import CycleProgress, CycleStatistics, StatisticsInput
from relance.contracts.unsent import UnsentInput
from relance.domain.cycle.control import ControlState
from relance.domain.failures import Severity
from tests.activities.conftest import PERIOD, SEND_AT, Office

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MUCH_LATER = SEND_AT + 8 * DAY
END = SEND_AT + 26 * DAY


async def alerts(office: Office) -> dict[str, Any]:
    return {alert.rule: alert for alert in await office.data.alerts.open()}


async def close(office: Office, at: datetime = END) -> CycleStatistics:
    """Record and balance, as a cycle does at its end."""
    await office.record_unsent(at)
    request = StatisticsInput(period=PERIOD, progress=CycleProgress(period=PERIOD), at=at, last=True)
    return await office.run(office.statistics.balance, request)


async def reasons(office: Office) -> dict[str, str | None]:
    found = await office.data.raw.invitations.find({}).to_list(None)
    return {raw["contactId"]: raw.get("reason") for raw in found}


async def test_plans_whose_send_time_was_missed_by_too_long_are_told_at_once_with_users_and_contacts(
    office: Office,
) -> None:
    for user in ("u1", "u2"):
        await office.add_user(user)
    await office.add_contact("u2", "u2out", status="opted_out")
    await office.plan()
    await office.plan(MUCH_LATER, opening=False)
    plans = await office.data.raw.plans.find({}).to_list(None)
    assert {(plan["status"], plan["reason"], plan["contacts"]) for plan in plans} == {
        ("skipped", "too_late", 3),
        ("skipped", "too_late", 4),
    }
    alert = (await alerts(office))["too-late"]
    assert (alert.key, alert.severity) == (f"too-late/{PERIOD}", Severity.CRITICAL)
    assert alert.labels == {"period": PERIOD, "users": "2", "contacts": "7"}
    await office.plan(MUCH_LATER + HOUR, opening=False)
    assert len(await office.data.raw.alerts.find({}).to_list(None)) == 1, "one per period, not one per pass"
    found = await close(office)
    assert (found.eligible, found.sent, found.balance, found.plans_open, found.users_too_late) == (7, 0, 0, 0, 2)
    assert found.skipped == {"too_late": 6, "contact_opted_out": 1}
    assert (await alerts(office))["cycle-wrote-to-nobody"].severity is Severity.CRITICAL


async def test_a_late_planning_pass_leaves_the_plans_of_an_hour_ago_to_be_sent(office: Office) -> None:
    await office.add_user("u1")
    await office.plan()
    await office.add_user("new")
    await office.plan(SEND_AT + 2 * HOUR, opening=False)
    plans = {plan["userId"]: plan for plan in await office.data.raw.plans.find({}).to_list(None)}
    assert (plans["u1"]["status"], plans["u1"]["late"]) == ("planned", True)
    assert (plans["new"]["status"], plans["new"]["reason"]) == ("skipped", "joined_after_send_time")
    assert await reasons(office) == {f"newc{number}": "joined_after_send_time" for number in range(3)}
    await office.send(SEND_AT + 2 * HOUR)
    await office.follow(SEND_AT + 2 * HOUR)
    found = await close(office)
    assert (found.eligible, found.sent, found.skipped, found.balance) == (6, 3, {"joined_after_send_time": 3}, 0)
    assert await alerts(office) == {}


async def test_who_joins_long_after_his_send_time_is_no_alert(office: Office) -> None:
    await office.add_user("u1")
    await office.plan()
    await office.send()
    await office.follow()
    await office.add_user("new")
    await office.plan(MUCH_LATER, opening=False)
    assert await alerts(office) == {}


async def test_everybody_of_a_month_has_a_mail_or_a_reason(office: Office) -> None:
    for user in ("u1", "moved", "gone", "empty"):
        await office.add_user(user, contacts=0 if user == "empty" else 2)
    await office.add_user("inactive", contacts=2, status="paused")
    await office.add_contact("inactive", "bounced", status="bounced")
    await office.plan()
    await office.data.raw.plans.update_one(
        {"userId": "gone"}, {"$set": {"status": "skipped", "reason": "before_start"}}
    )
    await office.data.raw.users.delete_one({"_id": "gone"})
    await office.data.raw.plans.update_one({"userId": "moved"}, {"$set": {"instant": SEND_AT + DAY}})
    await office.send()
    await office.follow()
    await office.add_contact("u1", "a-later")
    await office.add_contact("u1", "later", status="opted_out")
    await office.data.raw.plans.update_one({"userId": "moved"}, {"$set": {"status": "skipped", "reason": "too_late"}})
    await office.add_user("afterwards", contacts=1)
    found = await close(office)
    assert (found.eligible, found.sent, found.balance, found.plans_open) == (12, 2, 0, 0)
    assert found.skipped == {
        "user_inactive": 3,
        "user_missing": 2,
        "too_late": 2,
        "contact_added_later": 2,
        "joined_after_send_time": 1,
    }
    plans = {plan["userId"]: plan for plan in await office.data.raw.plans.find({}).to_list(None)}
    assert {user: plan["contacts"] for user, plan in plans.items()} == {
        "u1": 4, "moved": 2, "gone": 2, "empty": 0, "inactive": 3, "afterwards": 1,
    }  # fmt: skip
    assert (plans["inactive"]["status"], plans["inactive"]["reason"]) == ("skipped", "user_inactive")
    before = await reasons(office)
    again = await close(office)
    assert (again.eligible, again.balance, await reasons(office)) == (12, 0, before)


@pytest.mark.parametrize(
    ("state", "reason"),
    [(ControlState.CANCELLED, "cycle_cancelled"), (ControlState.ROLLED_BACK, "cycle_rolled_back")],
)
async def test_who_a_cancelled_cycle_had_not_come_to_is_counted_as_cancelled(
    office: Office, state: ControlState, reason: str
) -> None:
    await office.add_user("u1")
    await office.plan()
    await office.add_user("unplanned")
    await office.notify(state)
    await office.give_up()
    found = await close(office)
    assert (found.eligible, found.cancelled, found.skipped, found.balance) == (6, 6, {}, 0)
    assert set((await reasons(office)).values()) == {reason}
    assert "cycle-wrote-to-nobody" not in await alerts(office), "a person has decided it"


async def test_what_a_pause_has_held_past_its_last_send_time_is_skipped_and_told(office: Office) -> None:
    await office.add_user("u1")
    await office.plan()
    await office.notify(ControlState.PAUSED)
    assert (await office.send()).stopped
    await office.data.raw.plans.update_many({}, {"$set": {"status": "sending"}})
    await office.notify(ControlState.RUNNING)
    await office.send(MUCH_LATER)
    await office.follow(MUCH_LATER)
    assert office.mailer.accepted == []
    await office.plan(MUCH_LATER, opening=False)
    assert (await alerts(office))["too-late"].labels["contacts"] == "3"


async def test_what_was_queued_before_a_long_pause_is_not_sent_after_it(office: Office) -> None:
    await office.add_user("u1")
    await office.plan()
    await office.send()
    await office.data.raw.invitations.update_many(
        {"contactId": {"$ne": "u1c0"}}, {"$set": {"status": "queued"}, "$unset": {"sentAt": 1, "messageId": 1}}
    )
    sent = len(office.mailer.accepted)
    result = await office.send(MUCH_LATER)
    assert (len(office.mailer.accepted), result.counts.sent, result.counts.skipped) == (sent, 1, 2)
    await office.follow(MUCH_LATER)
    found = await close(office)
    assert (found.sent, found.skipped, found.balance, found.users_too_late) == (1, {"too_late": 2}, 0, 0)


async def test_a_lost_entry_is_not_taken_for_a_contact_that_was_added_later(office: Office) -> None:
    await office.add_user("u1")
    await office.plan()
    await office.send()
    await office.follow()
    await office.data.raw.invitations.delete_one({"contactId": "u1c1"})
    assert (await close(office)).balance == 1


async def test_a_contact_that_would_move_others_to_another_follow_up_is_not_entered(office: Office) -> None:
    await office.add_user("u1", contacts=0)
    for number in range(101):
        await office.add_contact("u1", f"c{number:03}")
    await office.plan()
    await office.send()
    await office.follow()
    await office.add_contact("u1", "a")
    await office.add_contact("u1", "z")
    found = await close(office)
    assert (found.sent, found.skipped, found.balance) == (101, {"contact_added_later": 1}, 0)


async def test_a_record_that_was_cut_off_goes_on_behind_the_page_it_had_reached(office: Office) -> None:
    for user in ("u1", "u2"):
        await office.add_user(user, contacts=1, status="paused")
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(
        environment.info, attempt=2, heartbeat_details=["u1", {"users": 1, "entries": 1}]
    )
    result = await environment.run(office.unsent.record_unsent, UnsentInput(period=PERIOD, at=END))
    assert (result.users, result.entries) == (2, 2)
    assert await reasons(office) == {"u2c0": "user_inactive"}


async def test_whoever_dies_between_entries_and_note_is_found_by_the_next_pass(office: Office) -> None:
    await office.add_user("u1", status="paused")
    await office.record_unsent(END)
    await office.data.raw.plans.update_many({}, {"$unset": {"contacts": 1}})
    await office.add_user("u2")
    await office.plan()
    await office.send()
    await office.follow()
    await office.add_contact("u2", "z")
    await office.record_unsent(END)
    await office.data.raw.plans.update_one({"userId": "u2"}, {"$set": {"contacts": 3}})
    found = await close(office)
    assert (found.eligible, found.balance) == (7, 0)


async def test_invalid_send_times_are_one_low_alert_with_counts_until_they_are_mended(office: Office) -> None:
    await office.add_user("u1", timezone="Mars/Base", sendDay=42)
    await office.add_user("u2", sendTime="25:00")
    await office.add_user("u3", sendDay=31)
    await office.plan()
    await office.plan(SEND_AT - 9 * DAY, opening=False)
    [alert] = (await alerts(office)).values()
    assert (alert.key, alert.severity, alert.evidence.value) == (f"send-times-invalid/{PERIOD}", Severity.LOW, 2)
    assert alert.labels == {"period": PERIOD, "day_invalid": "1", "time_invalid": "1", "zone_unknown": "1"}
    await office.data.raw.users.update_many({}, {"$unset": {"timezone": 1, "sendTime": 1, "sendDay": 1}})
    await office.plan(SEND_AT - 8 * DAY, opening=False)
    assert office.alert_groups.summary()[-1] == ("send-times-invalid", [], [alert.key])


async def test_a_first_month_in_which_all_send_times_had_passed_is_no_loss(office: Office) -> None:
    await office.add_user("u1")
    await office.plan(SEND_AT + DAY, not_before=SEND_AT + DAY)
    found = await close(office)
    assert (found.eligible, found.sent, found.skipped, found.balance) == (3, 0, {"before_start": 3}, 0)
    assert await alerts(office) == {}


async def test_a_month_whose_users_are_all_inactive_is_told(office: Office) -> None:
    await office.add_user("u1", status="paused")
    await office.plan()
    assert (await close(office)).skipped == {"user_inactive": 3}
    assert (await alerts(office))["cycle-wrote-to-nobody"].evidence.value == 3


async def test_of_many_ended_plans_a_planning_pass_enters_some_and_the_end_the_rest(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.unsent.SOME", 1)
    monkeypatch.setattr("activities.planning.UNSENT_PER_PASS", 2)
    for user in ("u1", "u2", "u3"):
        await office.add_user(user, contacts=1)
    await office.plan(MUCH_LATER)
    assert len(await reasons(office)) == 2
    found = await close(office)
    assert (found.skipped, found.balance, found.users_too_late) == ({"too_late": 3}, 0, 3)
