"""Due steps in a local activity: as far as they get in a few seconds, and never twice (SPEC R4, X4)."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.attempt import token_of
from relance.contracts.follow_up import DueGroup, FollowUpStep, StepInput, StepResult
from relance.domain.invitations.invitation import InvitationStatus, MailKind
from relance.errors import DependencyUnavailable
from relance.ports import OutgoingMail
from relance.sending import local_steps
from tests.activities.conftest import PERIOD, SEND_AT, Office
from tests.support.fakes import FakeMailer
from tests.support.patience import PATIENCE_S

DUE = SEND_AT + timedelta(days=3, minutes=1)
CONTACTS = tuple(f"u1c{number}" for number in range(4))


@pytest.fixture
async def office(office: Office) -> Office:
    """Everybody's invitation is sent, and the first reminder is due."""
    await office.add_user("u1", contacts=len(CONTACTS))
    await office.plan()
    await office.send()
    office.mailer.accepted.clear()
    office.clock.at = DUE
    return office


def request(*, after_local: bool = False) -> StepInput:
    due = (DueGroup(step=FollowUpStep.FIRST, contacts=CONTACTS),)
    return StepInput(period=PERIOD, user_id="u1", at=DUE, expiry_days=30, due=due, holds=True, after_local=after_local)


async def locally(office: Office, *, seconds: float = 0.0) -> StepResult:
    """Run the steps as the first attempt of a local activity, which began so many seconds after they were due."""
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(
        environment.info,
        is_local=True,
        activity_id="1",
        attempt=1,
        started_time=DUE + timedelta(seconds=seconds),
    )
    return await environment.run(office.steps.run_steps_locally, request())


def reminded(office: Office) -> list[str]:
    return sorted(letter.invitation_id.rpartition(".")[2] for letter in office.mailer.accepted)


async def test_everything_is_sent_once_however_often_it_is_begun_again(office: Office) -> None:
    assert (await locally(office)).sent == CONTACTS
    again = await locally(office, seconds=20.0)
    assert (again.sent, again.left, set(again.skipped)) == ((), (), set(CONTACTS))
    assert reminded(office) == list(CONTACTS)


async def test_a_slow_relay_is_left_to_the_mail_queue_for_a_while(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long enough to begin the first mail on a slow machine.
    monkeypatch.setattr(local_steps, "LONGEST_S", 3.0)

    async def slowly(_: OutgoingMail) -> None:
        await asyncio.sleep(local_steps.LONGEST_S)

    office.mailer.before = slowly
    result = await locally(office)
    assert result.sent == CONTACTS[:1], "a mail that is under way is waited for"
    assert result.left == CONTACTS[1:]
    office.mailer.before = None
    assert (await locally(office, seconds=1.0)).left == CONTACTS, "the next ones do not even begin"
    rest = await office.run(office.steps.run_steps, request(after_local=True))
    assert (set(rest.sent), set(rest.skipped)) == (set(CONTACTS[1:]), set(CONTACTS[:1]))
    monkeypatch.setattr(local_steps, "REST_S", -1.0)
    office.local.rest()
    assert (await locally(office, seconds=2.0)).left == ()
    assert reminded(office) == list(CONTACTS)


async def test_who_gets_no_connection_in_time_leaves_everything(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_steps, "LONGEST_S", 0.2)

    @asynccontextmanager
    async def all_taken(_: FakeMailer) -> AsyncIterator[FakeMailer]:
        await asyncio.Event().wait()
        yield office.mailer

    monkeypatch.setattr(FakeMailer, "lane", all_taken)
    async with asyncio.timeout(PATIENCE_S):
        assert (await locally(office)).left == CONTACTS


async def test_a_relay_that_is_away_is_an_error_and_not_asked_again_at_once(office: Office) -> None:
    office.mailer.opening = DependencyUnavailable("relay", "connection refused")
    with pytest.raises(ApplicationError):
        await locally(office)
    office.mailer.opening = None
    assert (await locally(office, seconds=1.0)).left == CONTACTS


async def test_what_a_dead_worker_has_claimed_is_taken_over_by_the_mail_queue_alone(office: Office) -> None:
    handed_over = asyncio.Event()

    async def die(_: OutgoingMail) -> None:
        handed_over.set()
        await office.burial.wait()

    office.mailer.before = die
    office.dead.append(asyncio.create_task(locally(office)))
    async with asyncio.timeout(PATIENCE_S):
        await handed_over.wait()
    office.mailer.before = None
    # The workflow task is another worker's now. It cannot tell that the first one is dead.
    second = await locally(office, seconds=10.0)
    assert (second.sent, second.left) == (CONTACTS[1:], CONTACTS[:1])
    assert not (await office.entry("u1", CONTACTS[0])).reminder_skips
    office.attempt = 1
    third = await office.run(office.steps.run_steps, request(after_local=True))
    entry = await office.entry("u1", CONTACTS[0])
    assert [(skip.type, skip.reason) for skip in entry.reminder_skips] == [
        (MailKind.FIRST, InvitationStatus.UNCERTAIN.value)
    ]
    assert CONTACTS[0] in third.skipped
    assert reminded(office) == list(CONTACTS[1:]), "a reminder whose reply is lost is not sent again"


def test_a_local_activity_that_begins_again_is_not_taken_for_the_one_before() -> None:
    info = dataclasses.replace(ActivityEnvironment.default_info(), is_local=True, started_time=DUE)
    later = dataclasses.replace(info, started_time=DUE + timedelta(seconds=10))
    assert info.attempt == later.attempt
    assert token_of(info) < token_of(later)
