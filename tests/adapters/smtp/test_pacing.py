from __future__ import annotations

import asyncio
import time

import pytest

from relance.adapters.smtp import pacing
from relance.adapters.smtp.pacing import SLACK_SECONDS, Pacer
from tests.adapters.smtp.conftest import Connect, a_letter
from tests.adapters.smtp.relay import Relay


async def _count(pacer: Pacer, domain: str, seconds: float, workers: int = 8) -> int:
    done = 0

    async def work() -> None:
        nonlocal done
        while True:
            await pacer.turn(domain)
            done += 1

    tasks = [asyncio.create_task(work()) for _ in range(workers)]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    return done


async def test_a_rate_is_reached_and_not_passed() -> None:
    done = await _count(Pacer(200, None), "mail.example", 1.0)
    assert 180 <= done <= 200 * (1.0 + SLACK_SECONDS) + 1 + 8


async def test_one_domain_waits_while_another_goes_on() -> None:
    pacer = Pacer(None, 10)
    slow, other = await asyncio.gather(_count(pacer, "a.example", 0.5), _count(pacer, "b.example", 0.5))
    assert 4 <= slow <= 8
    assert 4 <= other <= 8


async def test_without_limits_nobody_waits() -> None:
    pacer = Pacer(None, None)
    began = time.perf_counter()
    for _ in range(10_000):
        await pacer.turn("mail.example")
    assert time.perf_counter() - began < 0.5


async def test_turns_come_in_the_order_they_were_asked_for() -> None:
    pacer = Pacer(100, None)
    order: list[int] = []

    async def work(number: int) -> None:
        await pacer.turn("mail.example")
        order.append(number)

    await asyncio.gather(*(work(number) for number in range(20)))
    assert order == list(range(20))


async def test_a_cancelled_turn_at_the_end_of_the_line_is_given_back() -> None:
    pacer = Pacer(2, None)
    await pacer.turn("mail.example")
    waiting = asyncio.create_task(pacer.turn("mail.example"))
    await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.wait([waiting])
    began = time.perf_counter()
    await pacer.turn("mail.example")
    assert time.perf_counter() - began < 0.6


async def test_the_number_of_domains_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "MOST_DOMAINS", 10)
    pacer = Pacer(None, 0.001)
    first_turns = [asyncio.create_task(pacer.turn(f"d{number}.example")) for number in range(30)]
    await asyncio.sleep(0.05)
    waiting = [task for task in first_turns if not task.done()]
    assert len(waiting) == 30 - 10 - 1
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)


async def test_the_settings_limits_hold_for_what_the_relay_sees(relay: Relay, connect: Connect) -> None:
    mailer = connect(relay, rate=40, connections=4)

    async def work(base: int) -> None:
        async with mailer.lane() as lane:
            for number in range(10):
                letter = a_letter(base + number)
                await lane.turn(letter.to_address)
                await lane.send(letter)

    began = time.perf_counter()
    await asyncio.gather(*(work(base) for base in (0, 10, 20, 30)))
    assert time.perf_counter() - began > (40 - 1) / 40 - SLACK_SECONDS - 0.01
