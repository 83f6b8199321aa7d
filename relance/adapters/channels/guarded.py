"""A channel behind its breaker: one that is down is not tried with every message (SPEC X3)."""

from __future__ import annotations

from relance.adapters.breaker import Breaker, BreakerVerdict
from relance.domain.channels.messages import OutgoingMessage
from relance.errors import ChannelUnavailable
from relance.ports import Channel, Delivered


class GuardedChannel:
    """`ports.Channel` that hands messages to another one, unless that has just failed to take some."""

    def __init__(self, channel: Channel, breaker: Breaker) -> None:
        self.name = channel.name
        self._channel = channel
        self._breaker = breaker

    async def deliver(self, message: OutgoingMessage) -> Delivered:
        """Hand one message over; while the breaker is open, raise `ChannelUnavailable` with `retry_after`."""
        with self._breaker.call(_verdict, self._left_alone):
            return await self._channel.deliver(message)

    def _left_alone(self, detail: str, seconds: float) -> ChannelUnavailable:
        return ChannelUnavailable(self.name, detail, seconds)


def _verdict(error: Exception) -> BreakerVerdict:
    # Who names a time is up, and waited for anyway.
    is_failure = isinstance(error, ChannelUnavailable) and error.retry_after is None
    return BreakerVerdict.FAILURE if is_failure else BreakerVerdict.SUCCESS
