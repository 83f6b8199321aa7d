from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.alerts import MessageLocale
from activities.outages import OutageChannels, Outages
from relance.contracts.health import OutageNotice
from relance.domain.channels.messages import OutgoingMessage, plain_text
from relance.domain.health.probes import ProbeName
from relance.domain.health.status import Trouble
from relance.errors import ChannelUnavailable, DependencyUnavailable
from relance.ports import Delivered, ProbeReading
from relance.settings.health import HealthGroup
from tests.services.alerts.conftest import perform
from tests.services.health.conftest import START
from tests.support.fakes import FixedClock

FIRST = OutageNotice(begun=START, at=START + timedelta(minutes=1))
LAST = OutageNotice(begun=START, at=START + timedelta(minutes=9), ended=START + timedelta(minutes=8))


@dataclass
class AChannel:
    name: str
    broken: bool = False
    took: list[OutgoingMessage] = field(default_factory=list)

    async def deliver(self, message: OutgoingMessage) -> Delivered:
        if self.broken:
            raise ChannelUnavailable(self.name, "on demand")
        self.took.append(message)
        return Delivered(self.name)


@dataclass
class Away:
    name: str = ProbeName.MONGODB
    deadline: float = 1.0

    async def look(self) -> ProbeReading:
        raise DependencyUnavailable("MongoDB", "on demand")


def outages(always: list[AChannel], order: list[AChannel], language: str = "en") -> Outages:
    return Outages(
        Away(),
        HealthGroup().rules()[ProbeName.MONGODB],
        OutageChannels(always, order, frozenset({"inbox"})),
        MessageLocale(language, "Europe/Amsterdam"),
        timedelta(seconds=20),
        timedelta(minutes=2),
        FixedClock(START),
    )


async def test_while_mongodb_is_away_the_inbox_is_left_out_and_hears_of_the_end() -> None:
    inbox, slack, mail = AChannel("inbox"), AChannel("slack"), AChannel("mail")
    told = outages([inbox], [slack, mail])
    assert await perform(told.tell_outage, FIRST)
    assert (len(inbox.took), len(slack.took), len(mail.took)) == (0, 1, 0)
    assert await perform(told.tell_outage, LAST)
    assert (len(inbox.took), len(slack.took), len(mail.took)) == (1, 2, 0)


async def test_the_messages_read_like_any_other_alert() -> None:
    slack = AChannel("slack")
    told = outages([], [slack])
    await perform(told.tell_outage, FIRST)
    await perform(told.tell_outage, LAST)
    assert [plain_text(one) for one in slack.took] == [
        "[09:01 AM] 🤖 Agent:\n\n🚨 MongoDB Alert\n\n"
        "MongoDB fails or is too slow: nothing can be recorded, so nothing is sent.\n"
        "• mongodb · does not answer",
        "[09:09 AM] 🤖 Agent:\n\n✅ MongoDB: resolved\n\n"
        "This is over. Nothing is left to do.\n• mongodb · after 8\u00a0min",
    ]


async def test_said_again_a_message_has_the_same_key_and_its_end_another() -> None:
    slack = AChannel("slack")
    told = outages([], [slack])
    for notice in (FIRST, FIRST.model_copy(update={"at": START + timedelta(minutes=2)}), LAST):
        await perform(told.tell_outage, notice)
    keys = [one.key for one in slack.took]
    assert keys[0] == keys[1] != keys[2]


async def test_a_channel_that_fails_is_replaced_by_the_next_one() -> None:
    slack, mail = AChannel("slack", broken=True), AChannel("mail")
    assert await perform(outages([], [slack, mail]).tell_outage, FIRST)
    assert len(mail.took) == 1


async def test_with_every_channel_down_it_is_tried_again_later() -> None:
    slack = AChannel("slack", broken=True)
    with pytest.raises(ApplicationError) as caught:
        await perform(outages([], [slack]).tell_outage, FIRST)
    assert not caught.value.non_retryable


async def test_with_no_channel_but_the_inbox_nobody_can_be_told_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    inbox = AChannel("inbox")
    assert not await perform(outages([inbox], []).tell_outage, FIRST)
    assert "nobody can be told" in caplog.text


async def test_a_look_at_the_database_says_how_many_of_them_make_an_outage() -> None:
    look = await perform(outages([], []).look_at_database)
    assert look.lost
    assert look.look.trouble is Trouble.UNREACHABLE
    assert (look.fail_after, look.recover_after) == (2, 2)
