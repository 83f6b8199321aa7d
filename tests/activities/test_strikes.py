"""Failures that repeat themselves, cycle after cycle, on a real database (`reference/mail.md` A.4)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from relance.contracts.follow_up import DueGroup, FollowUpStep, StepInput
from relance.domain.invitations.invitation import InvitationStatus
from relance.errors import MailRefused
from relance.ids import invitation_id
from tests.activities.conftest import PERIOD, SEND_AT, Office

DISABLED = MailRefused(550, "5.2.1 The email account that you tried to reach is disabled", "rcpt")
FULL = MailRefused(552, "5.2.2 mailbox full", "rcpt")
LAST_MONTH = SEND_AT - timedelta(days=31)


async def _earlier(office: Office, period: str, code: str, class_: str, at: datetime = LAST_MONTH) -> None:
    error = {"code": code, "class": class_, "severity": "low", "at": at}
    await office.data.raw.invitations.insert_one(
        {
            "_id": invitation_id(period, "u1", "u1c0"),
            "period": period,
            "userId": "u1",
            "contactId": "u1c0",
            "status": InvitationStatus.FAILED.value,
            "lastError": error,
            "queuedAt": at,
        }
    )


async def _refused(office: Office, refusal: MailRefused, tries: int = 1) -> str:
    """Send the cycle of the month and return the contact's status after it."""
    await office.add_user("u1", contacts=1)
    await office.plan()
    office.mailer.scripts["u1c0@c.example"] = [refusal] * tries
    await office.send()
    for _ in range(1, tries):
        office.clock.at = again = (await office.entry("u1", "u1c0")).retry_at or office.clock.at
        step = DueGroup(step=FollowUpStep.RETRY, contacts=("u1c0",))
        await office.run(
            office.steps.run_steps, StepInput(period=PERIOD, user_id="u1", at=again, expiry_days=30, due=(step,))
        )
    found = await office.data.raw.contacts.find_one({"_id": "u1c0"})
    assert found is not None
    return str(found["status"])


async def test_a_mailbox_disabled_for_the_first_time_keeps_its_contact(office: Office) -> None:
    assert await _refused(office, DISABLED) == "active"
    assert (await office.entry("u1", "u1c0")).status is InvitationStatus.FAILED


async def test_a_mailbox_disabled_last_month_too_bounces_its_contact(office: Office) -> None:
    await _earlier(office, "2026-10", "5.2.1", "hard_recipient")
    assert await _refused(office, DISABLED) == "bounced"


async def test_a_mailbox_disabled_long_ago_keeps_its_contact(office: Office) -> None:
    await _earlier(office, "2026-09", "5.2.1", "hard_recipient", SEND_AT - timedelta(days=61))
    assert await _refused(office, DISABLED) == "active"


@pytest.mark.parametrize(("before", "expected"), [(("2026-10", "2026-09"), "bounced"), (("2026-10",), "active")])
async def test_a_mailbox_full_for_three_cycles_bounces_its_contact_once_the_ladder_is_climbed(
    office: Office, before: tuple[str, ...], expected: str
) -> None:
    for period in before:
        await _earlier(office, period, "5.2.2", "soft_recipient")
    assert await _refused(office, FULL, tries=6) == expected
    assert (await office.entry("u1", "u1c0")).status is InvitationStatus.FAILED


async def test_a_mailbox_that_is_full_for_now_keeps_its_contact_until_the_tries_are_over(office: Office) -> None:
    for period in ("2026-10", "2026-09"):
        await _earlier(office, period, "5.2.2", "soft_recipient")
    assert await _refused(office, FULL, tries=1) == "active"
    assert (await office.entry("u1", "u1c0")).status is InvitationStatus.SENDING


async def test_policy_never_bounces_a_contact_however_often_it_refuses(office: Office) -> None:
    for period in ("2026-10", "2026-09"):
        await _earlier(office, period, "5.7.1", "sender_fault")
    assert await _refused(office, MailRefused(550, "5.7.1 blocked; user unknown", "rcpt")) == "active"
