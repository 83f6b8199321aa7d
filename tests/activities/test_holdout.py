"""The hold-out group, from the invitation to the answer of `why`, on a real database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from activities.invitations import Invitations
from relance.contracts.follow_up import DueGroup, FollowUpStep, StepInput, StepResult
from relance.domain.invitations.holdout import HeldOut, HoldOut
from relance.domain.invitations.invitation import InvitationStatus, MailKind
from relance.wording.explain import explain_invitation
from tests.activities.conftest import PERIOD, SEND_AT, Office, batch_of_everyone

FIRST_AT, SECOND_AT = SEND_AT + timedelta(days=3), SEND_AT + timedelta(days=7)


async def invited(office: Office, rule: HoldOut, contacts: int = 3) -> None:
    await office.add_user("u1", contacts)
    await office.plan()
    office.clock.at = SEND_AT
    data = office.data
    people = (data.users, data.contacts, data.suppressions)
    batches = Invitations(*people, data.plans, data.ledger, office.sender, office.control, office.gates, rule)
    result = await office.run(batches.send_batch, batch_of_everyone(SEND_AT))
    assert result.counts.sent == contacts


async def due(office: Office, step: FollowUpStep, contacts: int = 3) -> StepResult:
    office.clock.at = {FollowUpStep.FIRST: FIRST_AT, FollowUpStep.SECOND: SECOND_AT}[step]
    groups = (DueGroup(step=step, contacts=tuple(f"u1c{number}" for number in range(contacts))),)
    request = StepInput(period=PERIOD, user_id="u1", at=office.clock.at, expiry_days=30, due=groups)
    return await office.run(office.steps.run_steps, request)


async def test_who_is_held_out_is_invited_and_gets_no_reminder_with_the_reason_recorded(office: Office) -> None:
    await invited(office, HoldOut(100))
    for step in (FollowUpStep.FIRST, FollowUpStep.SECOND):
        result = await due(office, step)
        assert result.sent == ()
        assert result.skipped == dict.fromkeys(("u1c0", "u1c1", "u1c2"), "holdout")
        # Its timers go on: the next reminder is decided for itself, and the invitation expires like any other.
        assert result.ended == {}
    entry = await office.entry("u1", "u1c1")
    assert [(one.type, one.reason, one.at) for one in entry.reminder_skips] == [
        ("first", "holdout", FIRST_AT),
        ("second", "holdout", SECOND_AT),
    ]
    assert (entry.status, entry.held_out) == (InvitationStatus.SENT, (MailKind.FIRST, MailKind.SECOND))
    lines = explain_invitation(entry, user=None, contact=None, plan=None, suppressed=False, now=SECOND_AT)
    assert sum("because chance has left the invitation without it" in line for line in lines) == 2


async def test_holding_out_the_second_reminder_leaves_the_first(office: Office) -> None:
    await invited(office, HoldOut(100, HeldOut.SECOND))
    assert set((await due(office, FollowUpStep.FIRST)).sent) == {"u1c0", "u1c1", "u1c2"}
    assert set((await due(office, FollowUpStep.SECOND)).skipped.values()) == {"holdout"}


async def test_only_the_group_goes_without_and_asking_again_changes_nothing(office: Office) -> None:
    rule = HoldOut(50)
    await invited(office, rule, contacts=20)
    held = {f"u1c{number}" for number in range(20) if rule.kinds(f"{PERIOD}.u1.u1c{number}")}
    assert 0 < len(held) < 20
    first = await due(office, FollowUpStep.FIRST, contacts=20)
    assert (set(first.skipped), set(first.sent) & held) == (held, set())
    assert len(first.sent) == 20 - len(held)
    again = await due(office, FollowUpStep.FIRST, contacts=20)
    assert again.sent == ()
    entries = (await office.data.ledger.of_users(PERIOD, ["u1"]))["u1"]
    assert {one.contact_id for one in entries if one.reminder_skips} == held
    assert all(len(one.reminder_skips) == 1 for one in entries if one.reminder_skips)


async def test_by_default_everybody_is_reminded_and_nothing_is_stored_about_it(office: Office) -> None:
    await office.add_user("u1")
    await office.plan()
    await office.send()
    assert set((await due(office, FollowUpStep.FIRST)).sent) == {"u1c0", "u1c1", "u1c2"}
    raw = await office.data.raw.invitations.find_one({})
    assert raw is not None
    assert "heldOut" not in raw


@pytest.mark.parametrize("rule", [HoldOut(100), HoldOut(0)])
async def test_a_changed_percentage_moves_nobody_who_was_invited_before(office: Office, rule: HoldOut) -> None:
    await invited(office, HoldOut(50), contacts=6)
    before = {one.contact_id: one.held_out for one in (await office.data.ledger.of_users(PERIOD, ["u1"]))["u1"]}
    assert len(set(before.values())) == 2
    data = office.data
    people = (data.users, data.contacts, data.suppressions)
    later = Invitations(*people, data.plans, data.ledger, office.sender, office.control, office.gates, rule)
    await office.run(later.send_batch, batch_of_everyone(SEND_AT))
    after = {one.contact_id: one.held_out for one in (await office.data.ledger.of_users(PERIOD, ["u1"]))["u1"]}
    assert after == before
