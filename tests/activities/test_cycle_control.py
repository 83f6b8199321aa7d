"""What a cycle was told reaches the activities in the middle of their work (SPEC C10, C11)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from temporalio.exceptions import ApplicationError

from relance.contracts.follow_up import DueGroup, FollowUpStep, StepInput, StepResult
from relance.contracts.rollback import GiveUpInput
from relance.domain.cycle.control import ControlState
from relance.domain.cycle.error_gate import GatePolicy, Trip
from relance.domain.cycle.planning import PlanStatus
from relance.domain.failures import classify_smtp
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.invitation import InvitationStatus
from relance.errors import DependencyUnavailable, InvalidInput, MailRefused
from relance.ports import Failed, OutgoingMail
from relance.sending.error_gate import Gates
from tests.activities.conftest import PERIOD, SEND_AT, Office

CANARY = 20
ALERT = f"cycle-stopped/{PERIOD}"


async def three_users(office: Office) -> None:
    for user in ("u1", "u2", "u3"):
        await office.add_user(user, contacts=20)
    await office.plan()


async def remind(office: Office, at_days: int = 3, *, holds: bool = True) -> StepResult:
    at = SEND_AT + timedelta(days=at_days)
    office.clock.at = at
    due = (DueGroup(step=FollowUpStep.FIRST, contacts=("u1c0", "u1c1", "u1c2")),)
    request = StepInput(period=PERIOD, user_id="u1", at=at, expiry_days=30, due=due, holds=holds)
    return await office.run(office.steps.run_steps, request)


async def test_a_pause_in_the_middle_of_a_batch_leaves_the_rest_queued_and_loses_nothing(office: Office) -> None:
    await office.add_user("u1", contacts=30)
    await office.plan()
    office.mailer.connections = 2
    told: list[str] = []

    async def slowly(letter: OutgoingMail) -> None:
        if len(office.mailer.tried) >= 5 and not told:
            told.append(letter.invitation_id)
            await office.notify(ControlState.PAUSED)
        await asyncio.sleep(0.03)

    office.mailer.before = slowly
    stopped = await office.send()
    sent = len(office.mailer.accepted)
    assert stopped.stopped
    assert 5 < sent < 15
    assert stopped.counts.sent == sent
    statuses = [entry.status for entry in (await office.data.ledger.of_users(PERIOD, ["u1"]))["u1"]]
    assert sorted(set(statuses)) == [InvitationStatus.QUEUED, InvitationStatus.SENT]
    # While it is paused nothing more is sent, not even the first mail.
    assert (await office.send()).stopped
    assert len(office.mailer.accepted) == sent
    await office.notify(ControlState.RUNNING)
    rest = await office.send()
    assert (rest.stopped, rest.counts.sent) == (False, 30)
    assert len(set(office.mailer.invitations_sent())) == len(office.mailer.accepted) == 30


async def test_a_batch_of_a_paused_cycle_is_not_even_begun(office: Office) -> None:
    await office.add_user("u1")
    await office.plan()
    await office.notify(ControlState.PAUSED)
    assert (await office.send()).stopped
    assert [plan.status for plan in await office.data.plans.of_user("u1")] == [PlanStatus.PLANNED]


async def test_reminders_of_a_paused_cycle_are_held_and_no_try_is_counted(office: Office) -> None:
    await office.add_user("u1")
    await office.plan()
    await office.send()
    await office.notify(ControlState.PAUSED)
    everyone = ("u1c0", "u1c1", "u1c2")
    assert await remind(office) == StepResult(held=everyone, may_continue=True)
    # A follow-up that runs on an older version would take what is held for done.
    later = office.clock.at + timedelta(minutes=10)
    assert await remind(office, holds=False) == StepResult(put_off=dict.fromkeys(everyone, later), may_continue=True)
    await office.notify(ControlState.RUNNING)
    assert len((await remind(office)).sent) == 3


async def test_whoever_ends_a_pause_starts_what_wakes_the_follow_ups(office: Office) -> None:
    await office.notify(ControlState.PAUSED)
    assert office.cycles.woken == []
    await office.notify(ControlState.RUNNING)
    await office.notify(ControlState.PAUSED)
    await office.notify(ControlState.CANCELLED)
    assert office.cycles.woken == [PERIOD, PERIOD]
    await office.notify(ControlState.ROLLED_BACK)
    assert office.cycles.woken == [PERIOD, PERIOD]


@pytest.mark.parametrize(("state", "reminded"), [(ControlState.CANCELLED, 3), (ControlState.ROLLED_BACK, 0)])
async def test_a_cancelled_cycle_goes_on_reminding_and_a_rolled_back_one_does_not(
    office: Office, state: ControlState, reminded: int
) -> None:
    await office.add_user("u1")
    await office.plan()
    await office.send()
    await office.notify(state)
    result = await remind(office)
    assert len(result.sent) == reminded
    assert len(result.ended) == 3 - reminded


async def test_another_try_of_an_invitation_that_was_given_up_ends(office: Office) -> None:
    await office.add_user("u1", contacts=1)
    await office.plan()
    office.mailer.scripts["u1c0@c.example"] = [MailRefused(450, "4.7.1 greylisted", "rcpt")]
    await office.send()
    await office.notify(ControlState.CANCELLED)
    await office.give_up()
    due = (DueGroup(step=FollowUpStep.RETRY, contacts=("u1c0",)),)
    at = office.clock.at = SEND_AT + timedelta(minutes=6)
    request = StepInput(period=PERIOD, user_id="u1", at=at, expiry_days=30, due=due)
    result = await office.run(office.steps.run_steps, request)
    assert result.ended == {"u1c0": "cycle_cancelled"}
    assert office.mailer.accepted == []


async def test_what_is_cancelled_is_given_up_once_with_a_record_and_balances(office: Office) -> None:
    await office.add_user("u1", contacts=4)
    await office.add_user("u2", contacts=2)
    await office.plan()
    office.mailer.scripts["u1c0@c.example"] = [MailRefused(450, "4.7.1 greylisted", "rcpt")]
    office.mailer.connections = 1

    async def cancel(letter: OutgoingMail) -> None:
        if len(office.mailer.tried) == 2:
            await office.notify(ControlState.CANCELLED)
            await asyncio.sleep(0.2)

    office.mailer.before = cancel
    assert (await office.send()).stopped
    expected = {"plans.sending": 2, "invitations.queued": 3, "invitations.sending": 1}
    assert await office.data.compensations.survey(PERIOD, ControlState.CANCELLED) == expected
    given_up = await office.give_up()
    assert (given_up.changes, given_up.in_flight) == (expected, 0)
    assert await office.give_up() == given_up
    statistics = await office.balance()
    assert (statistics.sent, statistics.cancelled, statistics.open, statistics.balance) == (2, 4, 0, 0)
    assert {plan.status for plan in await office.data.plans.of_user("u1")} == {PlanStatus.CANCELLED}
    entry = await office.entry("u2", "u2c1")
    assert (entry.status, entry.reason) == (InvitationStatus.CANCELLED, "cycle_cancelled")


async def test_a_rollback_takes_back_what_was_sent_and_keeps_what_people_did(office: Office) -> None:
    await office.add_user("u1", contacts=4)
    await office.plan()
    await office.send()
    await office.follow()
    entry = await office.entry("u1", "u1c3")
    await office.tell_event(entry.id, EventKind.SUBMITTED)
    await office.notify(ControlState.ROLLED_BACK)
    planned = await office.data.compensations.survey(PERIOD, ControlState.ROLLED_BACK)
    done = await office.give_up()
    assert done.changes == planned == {"plans.done": 1, "invitations.sent": 3}
    assert (await office.entry("u1", "u1c3")).status is InvitationStatus.SUBMITTED
    record = await office.data.raw.compensations.find_one({"documentId": f"{PERIOD}.u1.u1c0"})
    assert record is not None
    assert (record["previous"], record["new"], record["by"]) == ("sent", "cancelled", "ann")
    assert (await office.balance()).sent == 4


async def test_a_mail_in_flight_is_not_given_up(office: Office) -> None:
    await office.add_user("u1", contacts=1)
    await office.plan()

    async def give_up(letter: OutgoingMail) -> None:
        await office.notify(ControlState.CANCELLED)
        assert (await office.give_up()).in_flight == 1

    office.mailer.before = give_up
    await office.send()
    assert (await office.entry("u1", "u1c0")).status is InvitationStatus.SENT


async def test_a_mail_whose_process_has_died_is_given_up_in_doubt_once_nobody_can_be_sending_it(office: Office) -> None:
    await office.add_user("u1", contacts=1)
    await office.plan()

    await office.send()
    claimed_at = office.clock.at
    # As its process leaves it that dies between the claim and the record.
    claim = {"kind": "invitation", "token": "dead:cycle/1", "nonce": "n", "at": claimed_at, "mailbox": "m"}
    await office.data.raw.invitations.update_one(
        {"_id": f"{PERIOD}.u1.u1c0"},
        {"$set": {"status": "sending", "claim": claim}, "$unset": dict.fromkeys(("sentAt", "messageId", "dueAt"), "")},
    )
    await office.notify(ControlState.CANCELLED)
    office.clock.at = claimed_at + timedelta(minutes=14)
    assert (await office.give_up()).in_flight == 1
    office.clock.at = claimed_at + timedelta(minutes=16)
    given_up = await office.give_up()
    assert (given_up.in_flight, given_up.reached) == (0, 1)
    entry = await office.entry("u1", "u1c0")
    assert (entry.status, entry.claim, len(entry.doubts)) == (InvitationStatus.CANCELLED, None, 1)


async def test_a_running_cycle_gives_up_nothing(office: Office) -> None:
    await office.add_user("u1")
    await office.plan()
    assert (await office.run(office.endings.give_up, GiveUpInput(period=PERIOD, at=SEND_AT))).changes == {}
    assert await office.data.plans.open_count(PERIOD) == 1


async def test_too_many_errors_in_the_canary_pause_the_cycle_and_tell_people(office: Office) -> None:
    await three_users(office)
    for user in ("u1", "u2"):
        office.mailer.scripts[f"{user}c1@c.example"] = [MailRefused(550, "5.1.1 user unknown", "rcpt")]
    result = await office.send()
    assert result.stopped
    assert len(office.mailer.tried) == CANARY
    control = await office.data.controls.get(PERIOD)
    assert (control.state, control.by) == (ControlState.PAUSED, "error gate")
    assert control.reason == "mails of 2 users failed for good among the last 20 (10.0%)"
    assert [change.state for _, change in office.cycles.told] == [ControlState.PAUSED]
    assert office.alert_groups.summary() == [("cycle-stopped", [ALERT], [])]
    # A person's decision opens a new gate; the rest is healthy.
    await office.notify(ControlState.RUNNING)
    rest = await office.send()
    assert (rest.stopped, rest.counts.sent, rest.counts.failed) == (False, 58, 2)


REFUSALS = {
    "unknown": MailRefused(550, "5.1.1 user unknown", "rcpt"),
    "not ascii": MailRefused(553, "5.6.7 SMTPUTF8 is not offered by the relay", "rcpt"),
    "no parameter": MailRefused(555, "parameter not recognized", "mail"),
    "no address": InvalidInput("to", "no address", "write one"),
    "policy": MailRefused(550, "5.7.1 refused by policy", "rcpt"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_one_address_book_pauses_nothing_however_bad_it_is(office: Office, refusal: str) -> None:
    office.gates = Gates(GatePolicy(canary=40, size=50, share=Decimal("0.03")), *office.gate_parts)
    await three_users(office)
    for number in range(20):
        office.mailer.scripts[f"u2c{number}@c.example"] = [REFUSALS[refusal]]
    result = await office.send()
    assert (result.stopped, result.counts.sent, result.counts.failed) == (False, 40, 20)
    assert (await office.data.controls.get(PERIOD)).state is ControlState.RUNNING


@pytest.mark.parametrize("refusal", ["not ascii", "no parameter"])
async def test_what_the_relay_cannot_write_to_pauses_nothing_whosever_it_is(office: Office, refusal: str) -> None:
    await three_users(office)
    for user in ("u1", "u2", "u3"):
        office.mailer.scripts[f"{user}c1@c.example"] = [REFUSALS[refusal]]
    result = await office.send()
    assert (result.stopped, result.counts.sent, result.counts.failed) == (False, 57, 3)


@pytest.mark.parametrize("code", ["tls", "not-offered"])
async def test_a_relay_that_cannot_be_trusted_pauses_the_cycle_and_keeps_the_work(office: Office, code: str) -> None:
    await three_users(office)
    office.mailer.opening = DependencyUnavailable("relay", "its certificate is not valid", code=code)
    result = await office.send()
    assert (result.stopped, result.counts.sent, result.counts.failed) == (True, 0, 0)
    control = await office.data.controls.get(PERIOD)
    assert control.state is ControlState.PAUSED
    assert f"({code}): check RELANCE_MAIL__" in control.reason
    assert office.alert_groups.summary() == [("cycle-stopped", [ALERT], [])]
    office.mailer.opening = None
    await office.notify(ControlState.RUNNING)
    rest = await office.send()
    assert (rest.stopped, rest.counts.sent) == (False, 60)


async def test_a_relay_that_is_only_away_pauses_nothing(office: Office) -> None:
    await three_users(office)
    office.mailer.opening = DependencyUnavailable("relay", "refused", code="connection")
    with pytest.raises(ApplicationError, match="relay is unavailable"):
        await office.send()
    assert (await office.data.controls.get(PERIOD)).state is ControlState.RUNNING


async def test_a_new_process_goes_on_with_what_the_others_found_out(office: Office) -> None:
    await three_users(office)
    assert not (await office.send()).stopped
    gates, pull, _, clock = office.gate_parts
    gate = Gates(GatePolicy(canary=20, size=50), gates, pull, "there:2", clock).of(
        await office.data.controls.get(PERIOD)
    )
    async with gate.sending():
        assert await gate.acquire(lambda: False)
    assert gate.canary_over
    # Two more users that fail are too many for both.
    for user in ("u8", "u9"):
        assert gate.admit() or await gate.acquire(lambda: False)
        gate.note(user, Failed(classify_smtp(550, "5.1.1 user unknown", "rcpt"), SEND_AT))
    await gate.stopped()
    assert (await office.data.controls.get(PERIOD)).reason == (
        "mails of 2 users failed for good among the last 50 (4.0%)"
    )


async def test_a_gate_that_closed_before_people_could_be_told_is_closed_for_a_new_process(office: Office) -> None:
    await three_users(office)
    for user in ("u1", "u2"):
        office.mailer.scripts[f"{user}c1@c.example"] = [MailRefused(550, "5.1.1 user unknown", "rcpt")]
    office.alert_groups.failing = DependencyUnavailable("Temporal", "away")
    with pytest.raises(ApplicationError, match="Temporal is unavailable"):
        await office.send()
    office.alert_groups.failing = None
    office.gates = Gates(GatePolicy(canary=20, size=50), *office.gate_parts[:2], "there:2", office.clock)
    assert (await office.send()).stopped
    assert len(office.mailer.tried) == CANARY
    assert (await office.data.controls.get(PERIOD)).state is ControlState.PAUSED


async def test_a_cycle_never_stands_still_without_people_being_told(office: Office) -> None:
    await three_users(office)
    for user in ("u1", "u2"):
        office.mailer.scripts[f"{user}c1@c.example"] = [MailRefused(550, "5.1.1 user unknown", "rcpt")]
    office.alert_groups.failing = DependencyUnavailable("Temporal", "away")
    with pytest.raises(ApplicationError, match="Temporal is unavailable"):
        await office.send()
    assert (await office.data.controls.get(PERIOD)).state is ControlState.RUNNING
    office.alert_groups.failing = None
    assert (await office.send()).stopped
    assert len(office.mailer.tried) == CANARY, "the gate stayed closed"
    assert (await office.data.controls.get(PERIOD)).state is ControlState.PAUSED
    assert office.alert_groups.summary() == [("cycle-stopped", [ALERT], [])]


async def test_of_a_cycle_that_a_person_has_ended_meanwhile_the_alert_is_over_at_once(office: Office) -> None:
    await office.notify(ControlState.CANCELLED)
    await office.brake.pause_on_errors(PERIOD, Trip(failed=2, results=20))
    assert (await office.data.controls.get(PERIOD)).state is ControlState.CANCELLED
    assert office.alert_groups.summary() == [("cycle-stopped", [ALERT], []), ("cycle-stopped", [], [ALERT])]


async def test_no_more_mails_than_the_canary_are_claimed_before_their_results_are_known(office: Office) -> None:
    await office.add_user("u1", contacts=60)
    await office.plan()
    office.mailer.connections = 40
    begun: list[str] = []
    most = 0

    async def hold(letter: OutgoingMail) -> None:
        nonlocal most
        begun.append(letter.invitation_id)
        if not office.mailer.accepted:
            most = max(most, len(begun))
            await asyncio.sleep(0.2)

    office.mailer.before = hold
    assert (await office.send()).counts.sent == 60
    assert most == CANARY


async def test_a_cancelled_batch_finishes_what_is_in_flight_and_begins_nothing_that_waited_for_the_canary(
    office: Office,
) -> None:
    await office.add_user("u1", contacts=60)
    await office.plan()
    office.mailer.connections = 40
    begun: list[str] = []
    let_go = asyncio.Event()

    async def hold(letter: OutgoingMail) -> None:
        begun.append(letter.invitation_id)
        await let_go.wait()

    office.mailer.before = hold
    sending = asyncio.create_task(office.send())
    while len(begun) < CANARY:
        await asyncio.sleep(0.01)
    sending.cancel()
    await asyncio.sleep(0.1)
    let_go.set()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert len(begun) == len(office.mailer.accepted) == CANARY


async def test_a_single_bounce_in_a_small_cycle_stops_nothing(office: Office) -> None:
    await office.add_user("u1", contacts=10)
    await office.plan()
    office.mailer.scripts["u1c1@c.example"] = [MailRefused(550, "5.1.1 user unknown", "rcpt")]
    assert not (await office.send()).stopped


async def test_a_relay_that_refuses_our_password_pauses_the_cycle_at_once(office: Office) -> None:
    await office.add_user("u1", contacts=3)
    await office.plan()
    office.mailer.opening = MailRefused(535, "5.7.8 authentication failed", "auth")
    result = await office.send()
    assert (result.stopped, result.counts.sent) == (True, 0)
    assert (await office.data.controls.get(PERIOD)).reason == (
        "nothing can be sent with our own configuration (5.7.8): "
        "check RELANCE_MAIL__USERNAME, RELANCE_MAIL__PASSWORD and RELANCE_MAIL__TLS"
    )


async def test_a_relay_that_refuses_our_signature_pauses_the_cycle_at_once(office: Office) -> None:
    await office.add_user("u1", contacts=5)
    await office.plan()
    office.mailer.connections = 1
    office.mailer.scripts["u1c0@c.example"] = [MailRefused(550, "5.7.26 unauthenticated", "mail")]
    result = await office.send()
    assert (result.stopped, result.counts.failed, len(office.mailer.tried)) == (True, 1, 1)
