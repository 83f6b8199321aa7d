"""Reminders, later tries and corrections that a relay refuses because of us are not spent one by one (SPEC C10)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError

from relance.contracts.follow_up import DueGroup, FollowUpStep, StepInput, StepResult
from relance.contracts.rollback import CorrectionInput
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Refuse, SmtpStage
from relance.domain.cycle.control import ControlState
from relance.domain.cycle.error_gate import GatePolicy
from relance.domain.invitations.invitation import InvitationStatus
from relance.sending.error_gate import Gates
from relance.sending.rest_gate import REST
from tests.activities.conftest import PERIOD, SEND_AT, ConnectRelay, Office

USERS, CONTACTS = 12, 3
CONNECTIONS = 3
FIRST_DUE = SEND_AT + timedelta(days=3)
REFUSED_US = Refuse(stage=SmtpStage.MAIL, code=550, text="5.7.26 unauthenticated")
REFUSED_BY_POLICY = Refuse(stage=SmtpStage.RCPT, code=550, text="5.7.1 refused by policy")


@pytest.fixture
async def invited(office: Office, mailbox_smtp: tuple[str, int], connect_relay: ConnectRelay) -> Office:
    connect_relay(mailbox_smtp[1], connections=CONNECTIONS)
    for user in range(USERS):
        await office.add_user(f"u{user}", contacts=CONTACTS)
    await office.plan()
    result = await office.send()
    assert result.counts.sent == USERS * CONTACTS
    return office


async def run_step(office: Office, step: FollowUpStep, user: int, at: datetime) -> StepResult:
    contacts = tuple(f"u{user}c{number}" for number in range(CONTACTS))
    due = (DueGroup(step=step, contacts=contacts),)
    request = StepInput(period=PERIOD, user_id=f"u{user}", at=at, expiry_days=30, due=due, holds=True)
    return await office.run(office.steps.run_steps, request)


async def remind(office: Office, *users: int, at: datetime = FIRST_DUE) -> list[StepResult]:
    """Run the first reminders of these users, or of all, together."""
    office.clock.at = at
    return await asyncio.gather(*(run_step(office, FollowUpStep.FIRST, user, at) for user in users or range(USERS)))


async def known(office: Office) -> int:
    """Return how many results the gate knows of."""
    [gate] = await office.data.raw.errorGates.find().to_list(None)
    return int(gate["known"])


def held(results: list[StepResult]) -> int:
    return sum(len(one.held) for one in results)


def sent(results: list[StepResult]) -> int:
    return sum(len(one.sent) for one in results)


async def test_a_relay_that_refuses_us_pauses_the_period_and_the_reminders_are_held(
    invited: Office, mailbox: Mailbox
) -> None:
    await mailbox.add_rule(REFUSED_US)
    results = await remind(invited)
    burnt = [contact for one in results for contact in one.skipped]
    assert 1 <= len(burnt) <= CONNECTIONS
    assert held(results) == USERS * CONTACTS - len(burnt)
    control = await invited.data.controls.get(PERIOD)
    assert (control.state, control.by) == (ControlState.PAUSED, "error gate")
    assert [one[0] for one in invited.alert_groups.summary()] == ["cycle-stopped"]
    await mailbox.clear_rules()
    await invited.notify(ControlState.RUNNING)
    again = await remind(invited, at=FIRST_DUE + timedelta(hours=1))
    assert sent(again) == held(results)


async def test_a_relay_that_does_not_let_us_in_pauses_the_period_and_spends_no_reminder(
    invited: Office, mailbox: Mailbox, mailbox_smtp: tuple[str, int], connect_relay: ConnectRelay
) -> None:
    connect_relay(mailbox_smtp[1], connections=CONNECTIONS)
    await mailbox.add_rule(Refuse(stage=SmtpStage.CONNECT, code=554, text="5.7.1 not you"))
    results = await remind(invited)
    assert held(results) == USERS * CONTACTS
    assert (await invited.data.controls.get(PERIOD)).state is ControlState.PAUSED


async def test_reminders_refused_by_policy_close_the_gate_by_their_share(invited: Office, mailbox: Mailbox) -> None:
    await mailbox.add_rule(REFUSED_BY_POLICY)
    results = await remind(invited)
    # Two users of the last 48 results are more than a hundredth; what is under way at that moment comes on top.
    assert held(results) > USERS * CONTACTS / 2
    control = await invited.data.controls.get(PERIOD)
    assert control.state is ControlState.PAUSED
    assert "users failed for good among the last" in control.reason


async def test_the_reminders_of_one_bad_address_book_stop_nothing(invited: Office, mailbox: Mailbox) -> None:
    unknown = Refuse(stage=SmtpStage.RCPT, code=550, text="5.1.1 unknown", recipient="u3c*")
    await mailbox.add_rule(unknown)
    results = await remind(invited)
    assert (sent(results), held(results)) == ((USERS - 1) * CONTACTS, 0)


async def test_tries_that_ran_out_at_providers_that_are_away_stop_nothing(
    office: Office, mailbox: Mailbox, mailbox_smtp: tuple[str, int], connect_relay: ConnectRelay
) -> None:
    connect_relay(mailbox_smtp[1], connections=CONNECTIONS)
    for user in range(USERS):
        await office.add_user(f"u{user}", contacts=CONTACTS)
    await office.plan()
    await mailbox.add_rule(Refuse(stage=SmtpStage.RCPT, code=451, text="4.4.1 no answer from the host"))
    assert (await office.send()).counts.deferred == USERS * CONTACTS
    at = SEND_AT
    for _ in range(6):
        at += timedelta(days=1)
        office.clock.at = at
        await asyncio.gather(*(run_step(office, FollowUpStep.RETRY, user, at) for user in range(USERS)))
    assert (await office.entry("u5", "u5c1")).status is InvitationStatus.FAILED
    assert (await office.data.controls.get(PERIOD)).state is ControlState.RUNNING
    [gate] = await office.data.raw.errorGates.find().to_list(None)
    assert (gate["failing"], gate["results"]) == ([], 0)


async def test_a_new_process_counts_on_where_the_others_are_and_waits_for_no_canary(
    invited: Office, mailbox: Mailbox
) -> None:
    before = await known(invited)
    invited.gates = Gates(GatePolicy(canary=20, size=50), *invited.gate_parts)
    assert sent(await remind(invited, 0, 1)) == 2 * CONTACTS
    async with asyncio.timeout(5):
        while await known(invited) < before + 2 * CONTACTS:
            await asyncio.sleep(0.05)
    assert await known(invited) == before + 2 * CONTACTS


async def test_reminders_of_a_cancelled_cycle_rest_for_a_while_because_nothing_can_be_paused(
    invited: Office, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await invited.notify(ControlState.CANCELLED)
    await mailbox.add_rule(REFUSED_US)
    results = await remind(invited)
    burnt = sum(len(one.skipped) for one in results)
    put_off = [at for one in results for at in one.put_off.values()]
    assert 1 <= burnt <= CONNECTIONS
    assert put_off == [FIRST_DUE + REST] * (USERS * CONTACTS - burnt)
    assert (await invited.data.controls.get(PERIOD)).state is ControlState.CANCELLED
    await mailbox.clear_rules()
    monkeypatch.setattr(invited.gates.rest, "_until", 0.0)
    assert sent(await remind(invited, at=FIRST_DUE + REST)) == len(put_off)


async def test_corrections_wait_until_the_relay_takes_mails_from_us(
    invited: Office, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await invited.notify(ControlState.ROLLED_BACK)
    await invited.give_up()
    await mailbox.add_rule(REFUSED_US)
    page = CorrectionInput(period=PERIOD, at=invited.clock.at, tries=0)
    with pytest.raises(ApplicationError) as refused:
        await invited.run(invited.corrections.send_corrections, page)
    assert refused.value.next_retry_delay == REST
    await mailbox.clear_rules()
    monkeypatch.setattr(invited.gates.rest, "_until", 0.0)
    result = await invited.run(invited.corrections.send_corrections, page)
    assert USERS * CONTACTS - CONNECTIONS <= result.counts.sent < USERS * CONTACTS
