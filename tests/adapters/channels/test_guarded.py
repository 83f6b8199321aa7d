"""A channel that is down is not tried with every message."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from relance.adapters.breaker import Breakers
from relance.adapters.channels.guarded import GuardedChannel
from relance.domain.channels.messages import OutgoingMessage
from relance.errors import ChannelError, ChannelRefused, ChannelUnavailable
from relance.ports import Delivered
from relance.settings.pacing import Breaking
from tests.support.messages import a_message


@dataclass
class Scripted:
    """A channel that fails as it is told, then delivers."""

    errors: list[ChannelError]
    name: str = "slack"
    tried: list[str] = field(default_factory=list)

    async def deliver(self, message: OutgoingMessage) -> Delivered:
        self.tried.append(message.key)
        if self.errors:
            raise self.errors.pop(0)
        return Delivered(self.name)


class Watch:
    """A clock that the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_after_some_failures_it_is_left_alone_and_then_tried_with_one_message() -> None:
    watch, slack = Watch(), Scripted([ChannelUnavailable("slack", "no answer in time") for _ in range(3)])
    channel = GuardedChannel(slack, Breakers(Breaking(), watch).rare("channel slack"))
    for _ in range(3):
        with pytest.raises(ChannelUnavailable, match="no answer"):
            await channel.deliver(a_message())
    with pytest.raises(ChannelUnavailable, match="left alone") as caught:
        await channel.deliver(a_message())
    assert caught.value.retry_after == pytest.approx(10, rel=0.2)
    assert len(slack.tried) == 3
    watch.now = 13.0
    assert await channel.deliver(a_message()) == Delivered("slack")


async def test_a_refused_message_and_a_wait_that_was_asked_for_say_nothing_against_it() -> None:
    asked = [ChannelUnavailable("slack", "it answered 429", 30.0) for _ in range(4)]
    slack = Scripted([*asked, *(ChannelRefused("slack", "it answered 400") for _ in range(4))])
    channel = GuardedChannel(slack, Breakers(Breaking()).rare("channel slack"))
    for _ in range(8):
        with pytest.raises(ChannelError):
            await channel.deliver(a_message())
    assert await channel.deliver(a_message()) == Delivered("slack")
