"""Late reminders are left out, and none follows another mail too soon: decided at the claim, from the database."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from relance.adapters.mongo.connection import repositories
from relance.contracts.follow_up import DueGroup, FollowUpStep, StepInput, StepResult
from relance.domain.invitations.invitation import MailKind
from relance.domain.invitations.reminders import ReminderTiming
from tests.activities.conftest import PERIOD, SEND_AT, Office
from tests.support.keys import PRIVACY

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECOND_DUE = SEND_AT + 7 * DAY
GENEROUS = ReminderTiming(max_late=7 * DAY, distance=DAY)


async def step(office: Office, kind: FollowUpStep, at: datetime) -> StepResult:
    office.clock.at = at
    due = (DueGroup(step=kind, contacts=("u1c0",)),)
    request = StepInput(period=PERIOD, user_id="u1", at=at, expiry_days=30, due=due, holds=True)
    return await office.run(office.steps.run_steps, request)


async def skips(office: Office) -> list[tuple[MailKind, str]]:
    return [(skip.type, skip.reason) for skip in (await office.entry("u1", "u1c0")).reminder_skips]


@pytest.fixture
async def invited(office: Office) -> Office:
    await office.add_user("u1", contacts=1)
    await office.plan()
    await office.send()
    return office


async def test_a_week_later_the_first_reminder_is_overtaken_and_the_second_one_goes_out(invited: Office) -> None:
    assert (await step(invited, FollowUpStep.FIRST, SECOND_DUE + HOUR)).skipped == {"u1c0": "overtaken"}
    assert (await step(invited, FollowUpStep.SECOND, SECOND_DUE + HOUR)).sent == ("u1c0",)
    assert await skips(invited) == [(MailKind.FIRST, "overtaken")]
    assert invited.meter.skipped == ["overtaken"]


async def test_after_three_days_a_reminder_is_too_late_and_recorded(invited: Office) -> None:
    assert (await step(invited, FollowUpStep.SECOND, SECOND_DUE + 3 * DAY + HOUR)).skipped == {"u1c0": "too_late"}
    assert await skips(invited) == [(MailKind.SECOND, "too_late")]
    assert len(invited.mailer.accepted) == 1


async def test_a_reminder_right_after_another_mail_is_put_off_and_nothing_is_recorded_of_it(invited: Office) -> None:
    invited.data = repositories(invited.data.client, invited.data.raw, PRIVACY, timing=GENEROUS)
    assert (await step(invited, FollowUpStep.FIRST, SECOND_DUE - MINUTE)).sent == ("u1c0",)
    at = SECOND_DUE - MINUTE + DAY
    assert (await step(invited, FollowUpStep.SECOND, SECOND_DUE)).put_off == {"u1c0": at}
    entry = await invited.entry("u1", "u1c0")
    assert (entry.claim, entry.last_error, entry.reminder_skips) == (None, None, ())
    assert (await step(invited, FollowUpStep.SECOND, at)).sent == ("u1c0",)
    assert len(invited.mailer.accepted) == 3


async def test_a_reminder_right_after_a_late_try_of_its_invitation_is_put_off(invited: Office) -> None:
    late = SEND_AT + 3 * DAY - HOUR
    await invited.data.raw.invitations.update_one({}, {"$set": {"sentAt": late}})
    assert (await step(invited, FollowUpStep.FIRST, SEND_AT + 3 * DAY)).put_off == {"u1c0": late + DAY}
