from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from relance.adapters.breaker import Breakers
from relance.adapters.smtp import limiters
from relance.adapters.smtp.limiters import Pacer
from relance.adapters.smtp.provider_limiter import LimiterEntry
from relance.domain.mail.rate_limit import SLACK
from relance.settings.mail import MailGroup
from relance.settings.pacing import Breaking, Pacing
from tests.adapters.smtp.conftest import Connect, a_letter
from tests.support.smtp_relay import Relay


def _pacer(rate: float | None = None, rate_per_domain: float | None = None, **limiters: Any) -> Pacer:
    mail = MailGroup(rate=rate, rate_per_domain=rate_per_domain)
    return Pacer(mail, Pacing(**{"patience": 60.0, "connections": 200, **limiters}), Breakers(Breaking()))


async def _go(pacer: Pacer, address: str = "a@mail.example") -> bool:
    """Take one turn and end it at once; tell whether the mail was let through."""
    entry = await pacer.acquire(address, pacer.patience)
    if isinstance(entry, LimiterEntry):
        entry.gate.release(entry, asyncio.get_running_loop().time(), None)
        return True
    return False


async def _count(pacer: Pacer, address: str, seconds: float, workers: int = 8) -> int:
    done = 0

    async def work() -> None:
        nonlocal done
        while True:
            let_through = await _go(pacer, address)
            done += let_through

    tasks = [asyncio.create_task(work()) for _ in range(workers)]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    return done


async def test_a_rate_is_reached_and_not_passed() -> None:
    done = await _count(_pacer(200), "a@mail.example", 1.0)
    assert 180 <= done <= 200 * (1.0 + SLACK) + 1 + 8


async def test_one_domain_waits_while_another_goes_on() -> None:
    pacer = _pacer(None, 10)
    slow, other = await asyncio.gather(_count(pacer, "a@a.example", 0.5), _count(pacer, "b@b.example", 0.5))
    assert 4 <= slow <= 8
    assert 4 <= other <= 8


async def test_without_limits_nobody_waits() -> None:
    pacer = _pacer()
    for _ in range(10_000):
        # A turn that waited, if only for the next round of the loop, would hand over to it here.
        with pytest.raises(StopIteration):
            _go(pacer).send(None)


async def test_turns_come_in_the_order_they_were_asked_for() -> None:
    pacer = _pacer(100)
    order: list[int] = []

    async def work(number: int) -> None:
        await _go(pacer)
        order.append(number)

    await asyncio.gather(*(work(number) for number in range(20)))
    assert order == list(range(20))


async def test_a_cancelled_turn_at_the_end_of_the_line_is_given_back() -> None:
    pacer = _pacer(2)
    await _go(pacer)
    waiting = asyncio.create_task(_go(pacer))
    await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.wait([waiting])
    began = time.perf_counter()
    await _go(pacer)
    assert time.perf_counter() - began < 0.6


async def test_the_number_of_domains_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiters, "MOST_DOMAINS", 10)
    pacer = _pacer(None, 0.1)
    first_turns = [asyncio.create_task(_go(pacer, f"a@d{number}.example")) for number in range(30)]
    await asyncio.sleep(0.05)
    # The twenty that came too late share one pace, of which one goes at once.
    assert sum(task.done() and task.result() for task in first_turns) == 10 + 1
    for task in first_turns:
        task.cancel()
    await asyncio.wait(first_turns)


async def test_the_settings_limits_hold_for_what_the_relay_sees(relay: Relay, connect: Connect) -> None:
    mailer = connect(relay, rate=40, connections=4)

    async def work(base: int) -> None:
        async with mailer.lane() as lane:
            for number in range(10):
                letter = a_letter(base + number)
                await lane.acquire(letter.to_address)
                await lane.send(letter)

    began = time.perf_counter()
    await asyncio.gather(*(work(base) for base in (0, 10, 20, 30)))
    assert time.perf_counter() - began > (40 - 1) / 40 - SLACK - 0.01
