"""One provider's gate: what waits, what is put off, and that nothing of it leaks."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from relance.adapters.breaker import Breaker, Breakers
from relance.adapters.smtp.limiters import Pacer
from relance.adapters.smtp.provider_limiter import LimiterEntry, ProviderLimiter, now
from relance.domain.mail.breaker import BreakerState, Permit
from relance.domain.mail.providers import ProviderLimits
from relance.errors import MailRefused
from relance.settings.mail import MailGroup
from relance.settings.pacing import Breaking, Pacing
from tests.adapters.smtp.conftest import Connect, a_letter
from tests.support.patience import PATIENCE_S
from tests.support.smtp_relay import Relay

TOO_FAST = MailRefused(421, "4.7.28 unusual rate", "rcpt")


class Watch:
    """A clock that the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def _gate(
    connections: int = 5, rate: float | None = None, watch: Watch | None = None, **pacing: Any
) -> ProviderLimiter:
    breaker = Breakers(Breaking(failures=1), watch or Watch()).busy("mail.example")
    return ProviderLimiter(ProviderLimits(connections, rate), Pacing(**pacing), breaker)


def _breaker(gate: ProviderLimiter) -> Breaker:
    return gate._breaker


async def _entry(gate: ProviderLimiter) -> LimiterEntry:
    permit = gate.admit(5.0)
    assert isinstance(permit, Permit)
    entry = await gate.enter(permit)
    assert entry is not None
    return entry


async def _none_free(gate: ProviderLimiter) -> bool:
    permit = gate.admit(5.0)
    if not isinstance(permit, Permit):
        return True
    entry = await gate.enter(permit)
    gate.give_up(permit) if entry is None else gate.leave_unused(entry)
    return entry is None


async def test_a_place_is_waited_for_until_that_proves_to_be_in_vain_and_again_once_mails_go_quickly() -> None:
    gate = _gate(1, patience=0.2)
    stuck = await _entry(gate)
    began = now()
    assert await _none_free(gate)
    assert 0.15 < now() - began < 1.0
    began = now()
    assert await _none_free(gate)
    assert now() - began < 0.1
    gate.release(stuck, now() - 3.0, None)
    slow = await _entry(gate)
    assert isinstance(gate.admit(5.0), float)
    gate.release(slow, now(), None)
    quick = await _entry(gate)
    assert isinstance(gate.admit(5.0), Permit)
    gate.release(quick, now(), None)


async def test_a_place_at_a_quick_provider_is_waited_for_however_long_our_own_claims_take() -> None:
    gate = _gate(1, patience=0.4)
    first = await _entry(gate)
    second, third = asyncio.create_task(_entry(gate)), asyncio.create_task(_entry(gate))
    await asyncio.sleep(0.3)
    gate.release(first, now(), None)
    held = await second
    await asyncio.sleep(0.3)
    assert not third.done()
    gate.release(held, now(), None)
    gate.release(await third, now(), None)


async def test_a_try_that_would_have_to_wait_leaves_the_next_one_its_turn() -> None:
    watch = Watch()
    gate = _gate(watch=watch, pause=timedelta(seconds=0))
    gate.release(await _entry(gate), now(), TOO_FAST)
    assert _breaker(gate).state is BreakerState.OPEN
    watch.now = 20.0
    for _ in range(2):
        # Slowed down to half a mail per second: the first wait is too long for this patience.
        entry = await _entry(gate)
        gate.leave_unused(entry)
        assert gate.admit(0.0) != 1.0
    assert _breaker(gate).state is BreakerState.HALF_OPEN
    permit = gate.admit(60.0)
    assert isinstance(permit, Permit)
    assert await asyncio.wait_for(gate.enter(permit), PATIENCE_S) is not None


async def test_a_turn_cancelled_while_it_waits_leaves_the_next_one_its_turn() -> None:
    watch = Watch()
    breakers = Breakers(Breaking(failures=1), watch)
    pacer = Pacer(MailGroup(rate=1.0), Pacing(), breakers)
    first = await pacer.acquire("a@mail.example", 5.0)
    assert isinstance(first, LimiterEntry)
    first.gate.release(first, now(), MailRefused(550, "5.7.1 blocked", "rcpt"))
    watch.now = 20.0
    waiting = asyncio.create_task(pacer.acquire("a@mail.example", 5.0))
    await asyncio.sleep(0.05)
    assert breakers.states()["provider other"] is BreakerState.HALF_OPEN
    waiting.cancel()
    await asyncio.wait([waiting])
    again = await pacer.acquire("a@mail.example", 5.0)
    assert isinstance(again, LimiterEntry)
    again.gate.release(again, now(), None)
    assert breakers.states()["provider other"] is BreakerState.CLOSED


async def test_a_lane_waits_for_slow_providers_for_so_long_in_all(connect: Connect, relay: Relay) -> None:
    mailer = connect(relay, pacing=Pacing(patience=1.0, providers="mail.example=5:4"))
    began, put_off = now(), 0
    async with mailer.lane() as lane:
        for number in range(12):
            letter = a_letter(number)
            if await lane.acquire(letter.to_address) is None:
                await lane.send(letter)
            else:
                put_off += 1
    assert 4 <= len(relay.mails) <= 6
    assert len(relay.mails) + put_off == 12
    assert now() - began < 1.6
