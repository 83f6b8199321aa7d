"""Mails whose reply was lost: asked about where there is a log, and by policy where there is none (SPEC X4)."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from relance.contracts.cycle import BatchResult
from relance.contracts.follow_up import DueGroup, FollowUpStep, StepInput, StepResult
from relance.domain.invitations.invitation import InvitationStatus, MailKind, Verdict
from relance.errors import MailUncertain
from relance.ports import Knowledge, OutgoingMail
from tests.activities.conftest import PERIOD, SEND_AT, Office
from tests.support.fakes import FakeRelayLog

TAKEN_AT = SEND_AT + timedelta(seconds=3)
IN_3_DAYS = SEND_AT + timedelta(days=3, minutes=1)


@dataclass
class RunningClock:
    """Runs at the speed of the machine, from an instant on."""

    begin: datetime
    since: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        return self.begin + timedelta(seconds=time.monotonic() - self.since)


async def die_in_the_middle(office: Office, *, accepting: bool = True, lanes: int = 4) -> None:
    """Run a batch until every connection has handed a mail over, and never let it hear of the replies."""
    handed_over = asyncio.Semaphore(0)

    async def die(letter: OutgoingMail) -> None:
        if accepting and office.relay_log is not None:
            office.relay_log.accept(letter, TAKEN_AT)
        handed_over.release()
        await office.burial.wait()

    office.mailer.connections = lanes
    office.mailer.before = die
    dying = asyncio.create_task(office.send())
    for _ in range(lanes):
        await handed_over.acquire()
    office.mailer.before = None
    # Nobody waits for it: it is dead, and what it would still do does not count.
    office.dead.append(dying)


async def after_death(office: Office) -> BatchResult:
    office.clock.at = SEND_AT + timedelta(seconds=20)
    return await office.send(office.clock.at)


async def prepared(office: Office, log: FakeRelayLog | None, contacts: int = 6) -> None:
    office.relay_log = log
    await office.add_user("u1", contacts=contacts)
    await office.plan()


async def step(
    office: Office, step: FollowUpStep, contacts: tuple[str, ...], at: datetime, tries: int = 0
) -> StepResult:
    office.clock.at = at
    due = (DueGroup(step=step, contacts=contacts, tries=tries),)
    return await office.run(
        office.steps.run_steps, StepInput(period=PERIOD, user_id="u1", at=at, expiry_days=30, due=due)
    )


async def test_a_healthy_batch_asks_nothing(office: Office) -> None:
    log = FakeRelayLog()
    await prepared(office, log)
    assert (await office.send()).counts.sent == 6
    assert (log.asked, office.meter.doubts) == ([], [])


async def test_what_a_dead_workers_relay_has_is_recorded_as_sent_and_not_sent_again(office: Office) -> None:
    log = FakeRelayLog()
    await prepared(office, log)
    await die_in_the_middle(office)
    result = await after_death(office)
    entries = [await office.entry("u1", f"u1c{number}") for number in range(6)]
    assert (result.counts.sent, result.counts.resent, len(office.mailer.accepted)) == (6, 0, 2)
    # Each under the Message-ID it has, and the one it would have had in earlier versions.
    assert [len(asked) for asked, _ in log.asked] == [2 * 4], "one look for all"
    assert log.asked[0][1] == SEND_AT
    assert {entry.status for entry in entries} == {InvitationStatus.SENT}
    assert sorted(entry.sent_at for entry in entries if entry.sent_at)[:4] == [TAKEN_AT] * 4
    assert all(entry.due_at is not None for entry in entries)
    assert office.meter.doubts == [Verdict.ARRIVED] * 4


@pytest.mark.parametrize(
    ("log", "verdict"),
    [
        (FakeRelayLog(otherwise=Knowledge.ABSENT), Verdict.ABSENT),
        (FakeRelayLog(otherwise=Knowledge.UNKNOWN), Verdict.UNKNOWN),
        (FakeRelayLog(reachable=False), Verdict.UNKNOWN),
        (None, Verdict.UNKNOWN),
    ],
    ids=["absent", "unknown", "unreachable", "no log"],
)
async def test_what_did_not_arrive_for_sure_is_sent_again(
    office: Office, log: FakeRelayLog | None, verdict: Verdict
) -> None:
    await prepared(office, log)
    await die_in_the_middle(office, accepting=False)
    result = await after_death(office)
    assert (result.counts.sent, result.counts.resent) == (6, 4)
    assert sorted(office.mailer.invitations_sent()) == [f"{PERIOD}.u1.u1c{number}" for number in range(6)]
    assert office.meter.doubts == [verdict] * 4
    assert await office.data.ledger.doubtful(PERIOD, "", 10) == []


async def test_a_batch_waits_until_the_log_may_know_and_meanwhile_sends_the_rest(office: Office) -> None:
    log = FakeRelayLog(lag=timedelta(seconds=21))
    await prepared(office, log)
    await die_in_the_middle(office)
    office.clock = RunningClock(SEND_AT + timedelta(seconds=20))  # type: ignore[assignment]
    sending = asyncio.create_task(office.run_batch(SEND_AT + timedelta(seconds=20)))
    while len(office.mailer.accepted) < 2:
        await asyncio.sleep(0.01)
    assert log.asked == []
    assert (await sending).counts.sent == 6
    assert len(log.asked) == 1
    assert office.clock.now() >= SEND_AT + log.lag


@pytest.mark.parametrize("known", [True, False])
async def test_the_next_try_of_an_invitation_without_a_reply_asks_first(office: Office, known: bool) -> None:
    log = FakeRelayLog()
    await prepared(office, log, contacts=1)
    office.mailer.scripts["u1c0@c.example"] = [MailUncertain("no reply")]
    await office.send()
    if known:
        log.accept(office.mailer.tried[0], TAKEN_AT)
    result = await step(office, FollowUpStep.RETRY, ("u1c0",), SEND_AT + timedelta(minutes=5))
    entry = await office.entry("u1", "u1c0")
    assert len(office.mailer.tried) == (1 if known else 2)
    assert (result.sent, entry.status) == (("u1c0",), InvitationStatus.SENT)
    assert entry.sent_at == (TAKEN_AT if known else SEND_AT + timedelta(minutes=5))
    assert result.due[0].contacts == ("u1c0",), "its reminders are followed from now on"


async def without_a_reply(office: Office, log: FakeRelayLog | None) -> StepResult:
    """Two reminders are due; the reply to the first one is lost."""
    await prepared(office, log, contacts=2)
    await office.send()
    office.mailer.scripts["u1c0@c.example"] = [MailUncertain("no reply")]
    return await step(office, FollowUpStep.FIRST, ("u1c0", "u1c1"), IN_3_DAYS)


async def test_without_a_log_an_uncertain_reminder_is_not_sent_again(office: Office) -> None:
    result = await without_a_reply(office, None)
    assert (result.sent, result.skipped, result.put_off) == (("u1c1",), {"u1c0": "uncertain"}, {})
    again = await step(office, FollowUpStep.FIRST, ("u1c0",), IN_3_DAYS + timedelta(minutes=5))
    assert again.skipped == {"u1c0": "already_decided"}


async def test_an_uncertain_reminder_is_asked_about_some_minutes_later_and_is_uncertain_until_then(
    office: Office,
) -> None:
    result = await without_a_reply(office, FakeRelayLog())
    entry = await office.entry("u1", "u1c0")
    assert (result.sent, result.skipped) == (("u1c1",), {})
    assert result.put_off == {"u1c0": IN_3_DAYS + timedelta(minutes=5)}
    assert [skip.reason for skip in entry.reminder_skips] == ["uncertain"]


@pytest.mark.parametrize("known", [True, False])
async def test_an_uncertain_reminder_is_sent_exactly_once_if_the_log_knows(office: Office, known: bool) -> None:
    log = FakeRelayLog()
    await without_a_reply(office, log)
    if known:
        log.accept(next(one for one in office.mailer.tried if one.kind is MailKind.FIRST), IN_3_DAYS)
    later = IN_3_DAYS + timedelta(minutes=5)
    result = await step(office, FollowUpStep.FIRST, ("u1c0",), later)
    entry = await office.entry("u1", "u1c0")
    tried = [letter for letter in office.mailer.tried if letter.kind is MailKind.FIRST and "c0" in letter.invitation_id]
    assert (result.sent, len(tried)) == (("u1c0",), 1 if known else 2)
    assert [reminder.sent_at for reminder in entry.reminders] == [IN_3_DAYS if known else later]
    assert entry.reminder_skips == ()


async def test_a_reminder_nobody_knows_about_stays_uncertain(office: Office) -> None:
    await without_a_reply(office, FakeRelayLog(otherwise=Knowledge.UNKNOWN))
    tried = len(office.mailer.tried)
    result = await step(office, FollowUpStep.FIRST, ("u1c0",), IN_3_DAYS + timedelta(minutes=5))
    entry = await office.entry("u1", "u1c0")
    assert (result.skipped, result.put_off, len(office.mailer.tried)) == ({"u1c0": "uncertain"}, {}, tried)
    assert [skip.reason for skip in entry.reminder_skips] == ["uncertain"]
    assert [one.id for one in await office.data.ledger.doubtful(PERIOD, "", 9)] == [entry.id]


async def test_a_log_that_cannot_be_read_is_asked_again_at_growing_distances_for_a_day(office: Office) -> None:
    log = FakeRelayLog()
    await without_a_reply(office, log)
    log.reachable = False
    at, distances = IN_3_DAYS + timedelta(minutes=5), []
    while (
        next_at := (result := await step(office, FollowUpStep.FIRST, ("u1c0",), at)).put_off.get("u1c0")
    ) is not None:
        distances.append(next_at - at)
        at = next_at
    assert result.skipped == {"u1c0": "uncertain"}
    assert distances == sorted(distances)
    assert (len(distances) < 12, timedelta(hours=24) < at - IN_3_DAYS < timedelta(hours=48)) == (True, True)


async def test_a_reminder_a_dead_worker_claimed_is_asked_about_when_the_log_may_know(office: Office) -> None:
    log = FakeRelayLog(lag=timedelta(seconds=40))
    await prepared(office, log, contacts=1)
    await office.send()
    taken = asyncio.Event()

    async def die(letter: OutgoingMail) -> None:
        log.accept(letter, IN_3_DAYS)
        taken.set()
        await office.burial.wait()

    office.mailer.before = die
    office.dead.append(asyncio.create_task(step(office, FollowUpStep.FIRST, ("u1c0",), IN_3_DAYS)))
    await taken.wait()
    office.mailer.before = None
    early = await step(office, FollowUpStep.FIRST, ("u1c0",), IN_3_DAYS + timedelta(seconds=30))
    assert (early.put_off, log.asked) == ({"u1c0": IN_3_DAYS + log.lag}, [])
    late = await step(office, FollowUpStep.FIRST, ("u1c0",), IN_3_DAYS + log.lag)
    assert (late.sent, len(office.mailer.accepted)) == (("u1c0",), 1)
