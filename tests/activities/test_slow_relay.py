"""Batches over real connections, while a provider is slow or the relay is down."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from temporalio.exceptions import ApplicationError

from relance.contracts.cycle import BatchResult
from relance.contracts.names import ErrorType
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, SmtpStage
from relance.domain.invitations.invitation import InvitationStatus
from relance.domain.mail.breaker import BreakerState
from relance.settings.pacing import Breaking, Pacing
from tests.activities.conftest import ConnectRelay, Office
from tests.support.smtp_relay import DROP, Relay


async def _plan(office: Office, contacts: int, domain: Callable[[int], str]) -> None:
    await office.add_user("u1", contacts=0)
    for number in range(contacts):
        await office.add_contact("u1", f"c{number}", email=f"c{number}@{domain(number)}")
    await office.plan()


async def test_a_tarpit_does_not_hold_a_batch(
    office: Office, mailbox: Mailbox, mailbox_smtp: tuple[str, int], connect_relay: ConnectRelay
) -> None:
    pacing = Pacing(patience=0.3, slow_reply=1.0, providers="slow.example=2")
    breakers = connect_relay(mailbox_smtp[1], pacing, Breaking(failures=2), connections=8)
    await mailbox.add_rule(Delay(stage=SmtpStage.RCPT, recipient="*@slow.example", seconds=1.5))
    await _plan(office, 100, lambda number: "slow.example" if number % 2 else "mail.example")
    began = time.perf_counter()
    result = await office.send()
    # The fifty slow mails would take twenty seconds over two connections, nine over all eight.
    assert time.perf_counter() - began < 4.5
    assert result.counts.sent + result.counts.deferred == 100
    assert result.counts.sent >= 50
    assert breakers.states()["provider other"] is BreakerState.OPEN
    waiting = [await office.entry("u1", f"c{number}") for number in range(1, 100, 2)]
    put_off = [one for one in waiting if one.status is InvitationStatus.SENDING]
    assert len(put_off) == result.counts.deferred >= 45
    assert all(one.retry_at and one.claim is None and one.attempts == 0 for one in put_off)


async def test_while_the_relay_is_down_it_is_left_alone_and_afterwards_every_mail_goes_once(
    office: Office, connect_relay: ConnectRelay
) -> None:
    relay = Relay(pause=0.005)
    breaking = Breaking(failures=4, open_for=timedelta(seconds=1))
    async with await relay.start():
        breakers = connect_relay(relay.port, breaking=breaking, connections=4)
        await _plan(office, 120, lambda number: f"d{number % 5}.example")
        sending = asyncio.create_task(_send_like_temporal(office))
        while len(relay.mails) < 20:
            await asyncio.sleep(0.005)
        relay.faults["mail"], relay.faults["connect"] = [DROP] * 4, [DROP] * 100_000
        began = time.perf_counter()
        while breakers.states()["relay"] is not BreakerState.OPEN:
            await asyncio.sleep(0.01)
        assert time.perf_counter() - began < 10
        before = relay.connections
        await asyncio.sleep(2.5)
        # Four failures opened it; since then one try at a time, further and further apart.
        assert relay.connections - before <= 3
        relay.faults.clear()
        result, errors = await sending
    assert any(error.next_retry_delay for error in errors)
    assert {error.type for error in errors} == {ErrorType.UNAVAILABLE}
    assert result.counts.sent == 120
    assert Counter(mail.recipient for mail in relay.mails) == {f"c{n}@d{n % 5}.example": 1 for n in range(120)}


async def _send_like_temporal(office: Office) -> tuple[BatchResult, list[ApplicationError]]:
    errors: list[ApplicationError] = []
    while True:
        try:
            return await office.send(), errors
        except ApplicationError as error:
            errors.append(error)
            delay = error.next_retry_delay or timedelta(seconds=min(0.1 * 2 ** len(errors), 2.0))
            await asyncio.sleep(delay.total_seconds())
