"""A relay that is down is asked by few, and by one whether it is back."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from relance.adapters.smtp.mailer import SmtpMailer
from relance.errors import DependencyUnavailable, MailRefused
from relance.settings.pacing import Breaking
from tests.adapters.smtp.conftest import Connect, Start, a_letter
from tests.support.smtp_relay import Relay

BREAKING = Breaking(failures=3, open_for=timedelta(seconds=1))


async def _send(mailer: SmtpMailer, number: int = 1) -> None:
    async with mailer.lane() as lane:
        await lane.send(a_letter(number))


async def _failure(mailer: SmtpMailer) -> DependencyUnavailable:
    with pytest.raises(DependencyUnavailable) as caught:
        await _send(mailer)
    return caught.value


async def _opened(mailer: SmtpMailer, relay: Relay) -> None:
    relay.faults["connect"] = ["421 4.3.2 not now"] * 3
    for _ in range(3):
        assert (await _failure(mailer)).retry_after is None


async def test_a_relay_that_is_down_is_asked_so_often_and_then_left_alone(connect: Connect, relay: Relay) -> None:
    mailer = connect(relay, breakers=BREAKING)
    await _opened(mailer, relay)
    before, began = relay.connections, time.perf_counter()
    refusals = [await _failure(mailer) for _ in range(20)]
    assert relay.connections == before
    assert time.perf_counter() - began < 0.2
    assert all(one.retry_after is not None and 0 < one.retry_after <= 1.2 for one in refusals)


async def test_one_mail_finds_out_whether_it_is_back_and_then_all_go(connect: Connect, relay: Relay) -> None:
    mailer = connect(relay, breakers=BREAKING, connections=8)
    await _opened(mailer, relay)
    await asyncio.sleep(1.3)
    before = relay.connections
    results = await asyncio.gather(*(_send(mailer, number) for number in range(8)), return_exceptions=True)
    assert results.count(None) == 1
    assert relay.connections == before + 1
    assert {one.retry_after for one in results if isinstance(one, DependencyUnavailable)} == {1.0}
    assert await asyncio.gather(*(_send(mailer, number) for number in range(8))) == [None] * 8


async def test_a_wrong_password_opens_the_breaker_too(connect: Connect, start: Start) -> None:
    relay = await start(auth=True)
    mailer = connect(relay, breakers=BREAKING, username="relance", password="wrong")
    for _ in range(3):
        with pytest.raises(MailRefused):
            await _send(mailer)
    assert (await _failure(mailer)).retry_after is not None


async def test_a_relay_that_allows_no_further_connection_is_not_down(connect: Connect, relay: Relay) -> None:
    mailer = connect(relay, breakers=BREAKING)
    async with mailer.lane() as lane:
        await lane.send(a_letter(1))
        relay.faults["connect"] = ["421 4.7.0 too many connections"] * 10
        for _ in range(10):
            assert (await _failure(mailer)).retry_after is None
        await lane.send(a_letter(2))
    relay.faults["connect"] = []
    await _send(mailer, 3)
    assert len(relay.mails) == 3


async def test_a_cancelled_try_leaves_the_next_one_its_turn(connect: Connect, relay: Relay) -> None:
    mailer = connect(relay, breakers=BREAKING)
    await _opened(mailer, relay)
    await asyncio.sleep(1.3)
    relay.faults["connect"] = ["silence"]
    trying = asyncio.create_task(_send(mailer))
    await asyncio.sleep(0.2)
    trying.cancel()
    await asyncio.wait([trying])
    await _send(mailer)
    assert len(relay.mails) == 1
