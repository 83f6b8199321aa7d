from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from relance.contracts.names import ErrorType
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.invitation import InvitationStatus, MailKind
from relance.errors import DependencyUnavailable, MailRefused, MailUncertain
from relance.ids import invitation_id
from relance.ports import OutgoingMail
from relance.services.events import EventIntake
from tests.activities.conftest import MESSAGE_IDS, PERIOD, SEND_AT, Office, batch_of_everyone


async def test_every_active_contact_gets_one_mail_and_each_user_a_follow_up(office: Office) -> None:
    await office.add_user("u1")
    await office.add_user("u2")
    await office.plan()
    result = await office.send()
    assert await office.follow() == 2
    assert (result.counts.users, result.counts.sent) == (2, 6)
    assert len(set(office.mailer.invitations_sent())) == 6
    follow_up = office.follow_ups.started[PERIOD, "u1", 0]
    assert [group.contacts for group in follow_up.groups] == [("u1c0", "u1c1", "u1c2")]
    assert follow_up.groups[0].first == SEND_AT + timedelta(days=3)


async def test_sending_a_batch_again_sends_nothing_again(office: Office) -> None:
    await office.add_user("u1")
    await office.plan()
    await office.send()
    again = await office.send()
    await office.follow()
    later = await office.send()
    assert len(office.mailer.accepted) == 3
    assert (again.counts.sent, later.counts.users) == (3, 0)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "opted_out"}, "contact_opted_out"),
        ({"status": "bounced"}, "contact_bounced"),
        ({"status": "blocked"}, "contact_blocked"),
        ({"status": "pending"}, "contact_pending"),
        ({"email": "no address"}, "address_invalid"),
        ({"email": "u1c0@c.example"}, "duplicate_address"),
    ],
)
async def test_whoever_may_not_be_written_to_is_skipped_with_the_reason(
    office: Office, fields: dict[str, str], reason: str
) -> None:
    await office.add_user("u1", contacts=1)
    await office.add_contact("u1", "u1x", **fields)
    await office.plan()
    result = await office.send()
    entry = await office.entry("u1", "u1x")
    assert (entry.status, entry.reason) == (InvitationStatus.SKIPPED, reason)
    assert (result.counts.sent, result.counts.skipped) == (1, 1)


async def test_a_suppressed_address_is_skipped_whoever_has_it_as_contact(office: Office) -> None:
    await office.add_user("u1", contacts=1)
    await office.data.suppressions.add("u1c0@c.example", "opted_out", SEND_AT)
    await office.plan()
    await office.send()
    assert (await office.entry("u1", "u1c0")).reason == "suppressed"


async def test_a_user_deactivated_after_planning_sends_nothing(office: Office) -> None:
    await office.add_user("u1")
    await office.plan()
    await office.data.raw.users.update_one({"_id": "u1"}, {"$set": {"status": "inactive"}})
    result = await office.send()
    assert (result.counts.sent, result.counts.skipped) == (0, 3)


async def test_an_opt_out_and_an_answer_in_the_middle_of_a_batch_count_at_once(office: Office) -> None:
    await office.add_user("u1", contacts=6)
    await office.plan()
    office.mailer.connections = 1
    intake = EventIntake(
        office.data.ledger, office.data.contacts, office.data.suppressions, office.follow_ups, office.clock
    )

    async def interfere(letter: OutgoingMail) -> None:
        if not office.mailer.tried:
            await intake.take(invitation_id(PERIOD, "u1", "u1c4"), EventKind.OPTED_OUT)
            await intake.take(invitation_id(PERIOD, "u1", "u1c5"), EventKind.SUBMITTED)

    office.mailer.before = interfere
    with pytest.raises(ApplicationError, match="shutting down"):
        await office.send()
    result = await office.send()
    assert [letter.invitation_id.rpartition(".")[2] for letter in office.mailer.accepted] == [
        "u1c0",
        "u1c1",
        "u1c2",
        "u1c3",
    ]
    assert (await office.entry("u1", "u1c5")).status is InvitationStatus.SUBMITTED
    assert (result.counts.sent, result.counts.skipped) == (4, 2)


async def test_a_contact_changed_in_the_database_alone_counts_in_the_middle_of_a_batch(office: Office) -> None:
    await office.add_user("u1", contacts=6)
    await office.plan()
    office.mailer.connections = 1

    async def interfere(letter: OutgoingMail) -> None:
        await office.data.raw.contacts.update_one({"_id": "u1c5"}, {"$set": {"status": "blocked"}})
        await office.data.raw.contacts.update_one({"_id": "u1c4"}, {"$set": {"email": "moved@c.example"}})

    office.mailer.before = interfere
    await office.send()
    assert (await office.entry("u1", "u1c5")).reason == "contact_blocked"
    assert office.mailer.accepted[-1].to_address == "moved@c.example"


async def test_a_hard_bounce_fails_the_mail_and_marks_the_contact(office: Office) -> None:
    await office.add_user("u1")
    await office.plan()
    office.mailer.scripts["u1c1@c.example"] = [MailRefused(550, "5.1.1 user unknown", "rcpt")]
    result = await office.send()
    entry = await office.entry("u1", "u1c1")
    assert (entry.status, entry.reason) == (InvitationStatus.FAILED, "hard_recipient")
    assert (await office.data.contacts.by_ids(["u1c1"]))["u1c1"].status == "bounced"
    assert (result.counts.sent, result.counts.failed) == (2, 1)


async def test_a_fault_of_the_sender_never_marks_the_contact(office: Office) -> None:
    await office.add_user("u1", contacts=1)
    await office.plan()
    office.mailer.scripts["u1c0@c.example"] = [MailRefused(550, "5.7.26 unauthenticated", "data")]
    await office.send()
    assert (await office.data.contacts.by_ids(["u1c0"]))["u1c0"].status == "active"


async def test_a_soft_refusal_leaves_the_mail_to_the_follow_up(office: Office) -> None:
    await office.add_user("u1", contacts=2)
    await office.plan()
    office.mailer.scripts["u1c0@c.example"] = [MailRefused(450, "4.7.1 greylisted", "rcpt")]
    result = await office.send()
    await office.follow()
    waiting = [group for group in office.follow_ups.started[PERIOD, "u1", 0].groups if group.retry_at]
    assert [group.contacts for group in waiting] == [("u1c0",)]
    assert waiting[0].retry_at == SEND_AT + timedelta(minutes=5)
    assert (result.counts.sent, result.counts.deferred) == (1, 1)


async def test_a_mail_whose_provider_is_slow_is_put_off_to_the_follow_up_and_not_waited_for(office: Office) -> None:
    await office.add_user("u1", contacts=4)
    await office.plan()
    office.mailer.slow = {"u1c0@c.example": timedelta(minutes=7), "u1c2@c.example": timedelta(minutes=9)}
    result = await office.send()
    assert (result.counts.sent, result.counts.deferred) == (2, 2)
    entry = await office.entry("u1", "u1c0")
    assert (entry.status, entry.claim, entry.attempts) == (InvitationStatus.SENDING, None, 0)
    assert entry.retry_at == SEND_AT + timedelta(minutes=7)
    await office.follow()
    waiting = [group for group in office.follow_ups.started[PERIOD, "u1", 0].groups if group.retry_at]
    assert [group.contacts for group in waiting] == [("u1c0",), ("u1c2",)]


async def test_a_mail_that_is_put_off_is_decided_first_so_that_an_opt_out_ends_it(office: Office) -> None:
    await office.add_user("u1", contacts=1)
    await office.plan()
    office.mailer.slow = {"u1c0@c.example": timedelta(minutes=7)}
    await office.data.raw.contacts.update_one({"_id": "u1c0"}, {"$set": {"status": "opted_out"}})
    result = await office.send()
    assert (result.counts.deferred, result.counts.skipped) == (0, 1)


async def test_a_lost_reply_means_another_try_with_the_same_message_id(office: Office) -> None:
    await office.add_user("u1", contacts=1)
    await office.plan()
    office.mailer.scripts["u1c0@c.example"] = [MailUncertain("no reply")]
    await office.send()
    entry = await office.entry("u1", "u1c0")
    assert entry.retry_at is not None
    assert office.mailer.tried[0].message_id == MESSAGE_IDS.of(entry.id, MailKind.INVITATION)


async def test_a_broken_connection_costs_nothing_and_the_next_attempt_sends_the_rest(office: Office) -> None:
    await office.add_user("u1", contacts=5)
    await office.plan()
    office.mailer.connections = 1
    office.mailer.scripts["u1c2@c.example"] = [DependencyUnavailable("relay", "closed")]
    with pytest.raises(ApplicationError) as caught:
        await office.send()
    assert (caught.value.type, caught.value.non_retryable) == (ErrorType.UNAVAILABLE, False)
    result = await office.send()
    assert len(set(office.mailer.invitations_sent())) == len(office.mailer.accepted) == 5
    assert result.counts.sent == 5


async def test_a_relay_that_allows_fewer_connections_is_served_over_those(office: Office) -> None:
    await office.add_user("u1", contacts=5)
    await office.plan()
    office.mailer.refusing_connections = 3
    assert (await office.send()).counts.sent == 5


async def test_what_a_dead_worker_claimed_is_sent_again_with_the_same_message_id(office: Office) -> None:
    await office.add_user("u1", contacts=3)
    await office.plan()
    reached = asyncio.Event()

    async def die(letter: OutgoingMail) -> None:
        reached.set()
        await office.burial.wait()

    office.mailer.before = die
    office.dead.append(asyncio.create_task(office.send()))
    await reached.wait()
    await asyncio.sleep(0.1)
    office.mailer.before = None
    result = await office.send()
    assert (result.counts.sent, result.counts.resent) == (3, 3)
    assert len(set(office.mailer.invitations_sent())) == 3


async def test_a_follow_up_that_could_not_be_started_is_started_by_the_next_attempt(office: Office) -> None:
    await office.add_user("u1")
    await office.add_user("u2")
    await office.plan()
    await office.send()
    office.follow_ups.failures = 1
    with pytest.raises(ApplicationError):
        await office.follow()
    assert await office.data.plans.open_count(PERIOD) == 2
    await office.follow()
    assert sorted(user for _, user, _ in office.follow_ups.started) == ["u1", "u2"]
    assert await office.data.plans.open_count(PERIOD) == 0


async def test_more_than_a_hundred_contacts_are_followed_in_parts(office: Office) -> None:
    await office.add_user("u1", contacts=120)
    await office.plan()
    await office.send()
    await office.follow()
    parts = [office.follow_ups.started[PERIOD, "u1", part] for part in (0, 1)]
    assert [sum(len(group.contacts) for group in part.groups) for part in parts] == [100, 20]


async def test_more_than_a_week_late_is_skipped_and_not_sent(office: Office) -> None:
    await office.add_user("u1", contacts=1)
    await office.plan()
    await office.send(SEND_AT + timedelta(days=8))
    assert (await office.entry("u1", "u1c0")).reason == "too_late"


async def test_a_day_late_is_sent_and_stamped_so(office: Office) -> None:
    await office.add_user("u1", contacts=1)
    await office.plan()
    await office.send(SEND_AT + timedelta(days=1))
    entry = await office.entry("u1", "u1c0")
    assert (entry.late, entry.sent_at) == (True, SEND_AT + timedelta(days=1))


async def test_a_slow_clock_never_stamps_a_mail_before_its_plan(office: Office) -> None:
    await office.add_user("u1", contacts=1)
    await office.plan()
    office.clock.at = SEND_AT - timedelta(minutes=10)
    await office.run(office.invitations.send_batch, batch_of_everyone(SEND_AT))
    assert (await office.entry("u1", "u1c0")).sent_at == SEND_AT


async def test_a_mail_is_counted_by_its_provider_and_by_how_late_it_is(office: Office) -> None:
    await office.add_user("u1", contacts=1)
    await office.add_contact("u1", "u1x", email="someone@Googlemail.com")
    await office.plan()
    await office.send(SEND_AT + timedelta(minutes=10))
    assert sorted(office.meter.providers) == ["google", "other"]
    assert office.meter.waits == [600.0, 600.0]
