"""The way to one provider: its breaker, its pace, and how many mails may be under way to it at once (SPEC X3)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from relance.adapters.breaker import Breaker, BreakerVerdict
from relance.adapters.smtp.places import Places
from relance.domain.failures import FailureClass, Strategy, classify_smtp
from relance.domain.mail.breaker import BreakerState, Permit
from relance.domain.mail.providers import ProviderLimits
from relance.domain.mail.rate_limit import RateLimiter
from relance.domain.mail.sharing import LimitShare, ProviderRest
from relance.errors import MailRefused
from relance.settings.pacing import Pacing

# Earlier in the conversation a relay speaks for itself.
_ABOUT_PROVIDER = {"rcpt", "data"}
QUICK = 0.1
"""Part of the patience within which a provider has to take a mail to count as quick."""


@dataclass(slots=True)
class LimiterEntry:
    """The right to send one mail now; it is given back once. `waited`: seconds that the provider's rate has cost."""

    gate: ProviderLimiter
    permit: Permit
    waited: float


class ProviderLimiter:
    """One provider as this process sees it; `failed` is called after each of its failures."""

    def __init__(
        self,
        limits: ProviderLimits,
        pacing: Pacing,
        breaker: Breaker,
        share: LimitShare | None = None,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._failed = failed
        share = share or LimitShare()
        self._pace = RateLimiter(limits.rate, pacing.rate_policy, share)
        self._patience = pacing.patience
        self._slow_reply = pacing.slow_reply
        self._breaker = breaker
        self._places = Places(lambda: share.whole(limits.connections))
        self._under_way = 0
        # A place is held from before the claim, so it may be our own database that takes long: where mails go quickly
        # once they are claimed, a place is waited for again; else nobody waits for one until a mail has gone quickly.
        self._stuck = False
        self._quick_at = float("-inf")

    def is_free(self) -> bool:
        """Return whether a mail may go without any wait."""
        return self._breaker.state is BreakerState.CLOSED and not self._places.locked() and self._pace.wait(now()) == 0

    def is_idle(self) -> bool:
        """Return whether it could be forgotten and made anew without anybody noticing."""
        return not self._under_way and self._breaker.state is BreakerState.CLOSED and self._pace.is_idle(now())

    def rest(self) -> tuple[float, float]:
        """Return the seconds left of the provider's pause and of the breaker, as this process knows them."""
        return self._pace.pause_left(now()), self._breaker.rest()

    def leave_alone(self, rest: ProviderRest) -> None:
        """Rest, because the provider asked another process to wait."""
        if rest.pause:
            self._pace.leave_alone(rest.pause, now())
        if rest.breaker:
            self._breaker.leave_alone(rest.breaker)

    def admit(self, patience: float) -> Permit | float:
        """Return a permit to `enter` with, or in how many seconds the mail is to come back."""
        permit = self._breaker.ask()
        if not isinstance(permit, Permit):
            return self._pace.put_off(permit, now())
        wait = self._pace.wait(now())
        if wait > patience or (self._stuck and self._places.locked()):
            self.give_up(permit)
            return self._pace.put_off(wait, now())
        return permit

    async def enter(self, permit: Permit) -> LimiterEntry | None:
        """Wait for the provider's rate, and for a place as long as the patience lasts; None: no place came free."""
        begun = now()
        place = self._pace.take(begun)
        waited = await keep(self._pace, place, begun) if place > begun else 0.0
        while self._places.locked():
            waiting_since = now()
            try:
                async with asyncio.timeout(self._patience):
                    await self._places.acquire()
                break
            except TimeoutError:
                if self._quick_at < waiting_since:
                    self._stuck = True
                    return None
        else:
            await self._places.acquire()
        self._under_way += 1
        return LimiterEntry(self, permit, waited)

    def give_up(self, permit: Permit) -> None:
        """Take back a permit without an entry."""
        self._breaker.settle(permit, BreakerVerdict.NOTHING)

    def put_off(self) -> float:
        """Return in how many seconds a mail that found no place is to come back."""
        return self._pace.put_off(0.0, now())

    def leave_unused(self, entry: LimiterEntry) -> None:
        """Take back an entry whose mail was not tried."""
        self._free_place()
        self.give_up(entry.permit)

    def release(self, entry: LimiterEntry, begun: float, error: Exception | None) -> None:
        """Take back an entry whose mail was begun at that time of the loop, and accepted unless there is an error."""
        self._free_place()
        took = now() - begun
        if took < self._patience * QUICK:
            self._stuck = False
            self._quick_at = now()
        verdict = self._verdict(error, begun)
        if took >= self._slow_reply:
            verdict = BreakerVerdict.FAILURE
        self._breaker.settle(entry.permit, verdict)
        if verdict is BreakerVerdict.FAILURE:
            self._failed()

    def _free_place(self) -> None:
        self._under_way -= 1
        self._places.release()

    def _verdict(self, error: Exception | None, begun: float) -> BreakerVerdict:
        if error is None:
            return BreakerVerdict.SUCCESS
        if not isinstance(error, MailRefused) or error.stage not in _ABOUT_PROVIDER:
            return BreakerVerdict.NOTHING
        failure = classify_smtp(error.code, error.text, error.stage)
        if failure.strategy is Strategy.SLOW_DOWN or (failure.pause and failure.class_ is FailureClass.THROTTLED):
            self._pace.slow_down(begun, now(), failure.pause.total_seconds() if failure.pause else None)
            return BreakerVerdict.FAILURE
        # It answers, whatever it thinks of this one mailbox.
        return BreakerVerdict.FAILURE if failure.class_ is FailureClass.SENDER_FAULT else BreakerVerdict.SUCCESS


async def keep(pace: RateLimiter, place: float, begun: float) -> float:
    """Wait for a place in line and return the seconds it took; the last in line gives it back if cancelled."""
    try:
        await asyncio.sleep(place - begun)
    except asyncio.CancelledError:
        pace.release(place)
        raise
    return place - begun


def now() -> float:
    """Return the loop's time."""
    return asyncio.get_running_loop().time()
