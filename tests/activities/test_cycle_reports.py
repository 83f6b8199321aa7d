"""The report of a cycle on its way to the channels, with real charts and a real database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.alerts import Address, AlertDelivery, MessageLocale
from activities.cycle_reports import CycleReports
from relance.adapters.channels.inbox import InboxChannel
from relance.contracts.cycle import CycleProgress, CycleStatistics, MailCounts, StatisticsInput
from relance.contracts.reports import CycleReportPost
from relance.domain.channels.messages import OutgoingMessage, links
from relance.errors import ChannelGone
from relance.ports import Delivered
from relance.rendering.cycle_charts import CycleCharts
from tests.activities.conftest import PERIOD, SEND_AT, Office
from tests.support.fakes import FakeMeter, NoPictures

ENDED = SEND_AT + timedelta(days=26)
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass
class Chat:
    """A channel that keeps what it is told, unless it is gone."""

    gone: bool = False
    told: list[OutgoingMessage] = field(default_factory=list)
    name: str = "slack"

    async def deliver(self, message: OutgoingMessage) -> Delivered:
        if self.gone:
            raise ChannelGone(self.name, "it answered 410", code="410")
        self.told.append(message)
        return Delivered(self.name)


def reports(office: Office, chat: Chat) -> CycleReports:
    addresses = {"slack": Address(chat, "f1"), "inbox": Address(InboxChannel(office.data.chat_messages), "")}
    voice = MessageLocale("en", "Europe/Amsterdam")
    desk = office.statistics.alert_service
    delivery = AlertDelivery(
        desk,
        office.data.channel_states,
        addresses,
        ("inbox",),
        ("slack",),
        NoPictures(),
        voice,
        office.clock,
        FakeMeter(),
    )
    charts = CycleCharts(office.data.attachments, lambda key, name: f"https://desk.example/{key}/{name}")
    return CycleReports(office.data.job_runs, delivery, charts)


async def balanced(office: Office, period: str = PERIOD, sent: int = 3) -> CycleStatistics:
    progress = CycleProgress(
        period=period,
        counts=MailCounts(sent=sent),
        sending_time=timedelta(seconds=2),
        slowest_batch=timedelta(seconds=1.5),
        rss_peak_mb=88.0,
        started_at=SEND_AT - timedelta(days=10),
    )
    # Its follow-ups are started; a cycle that ends with open plans is not balanced.
    await office.data.raw.plans.update_many({"status": "sending"}, {"$set": {"status": "done"}})
    return await office.run(office.statistics.balance, StatisticsInput(period=period, progress=progress, at=ENDED))


def a_post(channel: str) -> CycleReportPost:
    return CycleReportPost(channel=channel, period=PERIOD, at=ENDED)


async def test_what_a_cycle_measured_is_stored_with_the_figures_of_the_month_before(office: Office) -> None:
    await balanced(office, "2026-10", sent=7)
    await office.add_user("u1")
    await office.plan()
    await office.send()
    statistics = await balanced(office)
    assert statistics.figures == {
        "duration_s": timedelta(days=36).total_seconds(),
        "sending_s": 2.0,
        "per_second": 1.5,
        "slowest_batch_s": 1.5,
        "rss_peak_mb": 88.0,
        "success_rate": 1.0,
    }
    assert (statistics.at, statistics.before_period) == (ENDED, "2026-10")
    assert (statistics.before["per_second"], statistics.before["eligible"]) == (3.5, 0)
    assert await office.data.job_runs.statistics(PERIOD) == statistics


async def test_a_report_is_written_from_what_is_stored_with_charts_to_be_seen_by_link(office: Office) -> None:
    await office.add_user("u1")
    await office.add_contact("u1", "gone", status="bounced")
    await office.plan()
    await office.send()
    await balanced(office)
    chat = Chat()
    posted = await office.run(reports(office, chat).post_cycle_report, a_post("slack"))
    assert (posted.channel, posted.repeated) == ("slack", False)
    [message] = chat.told
    assert message.title == "📬 Cycle 2026-11: how it ended"
    assert message.text.startswith("3 of 4 invitations were sent.")
    assert message.key == "cycle-report/2026-11/2026-12-01T17:00:00.000000Z"
    assert [name for name, _ in links(message)] == ["cycle-months.png", "cycle-not-sent.png"]
    for one in message.attachments:
        shown = await office.data.attachments.read(message.key, one.filename)
        assert shown is not None
        assert shown.content == one.content
        assert one.content.startswith(PNG)


async def test_telling_it_again_is_the_same_message(office: Office) -> None:
    await balanced(office)
    told = reports(office, Chat())
    first, second = [await office.run(told.post_cycle_report, a_post("inbox")) for _ in range(2)]
    assert (first.repeated, second.repeated) == (False, True)
    [message] = (await office.data.chat_messages.page()).items
    assert "Cycle 2026-11" in message.title


async def test_a_channel_that_is_gone_is_noted_as_for_alerts(office: Office) -> None:
    await balanced(office)
    with pytest.raises(ApplicationError) as caught:
        await office.run(reports(office, Chat(gone=True)).post_cycle_report, a_post("slack"))
    assert (caught.value.type, caught.value.non_retryable) == ("ChannelGone", True)
    assert (await office.data.channel_states.all())["slack"].condition == "gone"


async def test_without_a_stored_balance_there_is_nothing_to_tell(office: Office) -> None:
    with pytest.raises(ApplicationError, match="nothing is stored") as caught:
        await office.run(reports(office, Chat()).post_cycle_report, a_post("inbox"))
    assert caught.value.non_retryable
