"""The charts and the message of the reports, for `screenshots.py`: drawn by the real code from a made-up autumn."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from chromium import picture
from pydantic import SecretStr

from relance.adapters.channels.http import ChannelHttp
from relance.adapters.channels.slack import Slack
from relance.contracts.cycle import CycleStatistics
from relance.devstack import chat_server
from relance.devstack.chat.client import Chat
from relance.devstack.chat.page import bubbles
from relance.domain.channels.messages import OutgoingMessage
from relance.domain.invitations.effectiveness import Arm, Effects, ReminderGroup, count, in_order, overall
from relance.domain.invitations.invitation import MailKind
from relance.rendering.cycle_charts import cycle_charts
from relance.rendering.reminder_charts import reminder_charts
from relance.services.cycle_statistics import all_figures, report_of
from relance.settings.channels import Channels
from relance.wording.reports.cycle import cycle_message

PERIOD, ENDED = "2026-11", datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
# Invitations sent, and not sent because of an opt-out, a mailbox that is gone, an address the provider throttles.
MONTHS = {
    "2026-06": (81_200, 1_310, 790, 12),
    "2026-07": (83_900, 1_390, 815, 4),
    "2026-08": (84_100, 1_420, 802, 9),
    "2026-09": (90_300, 1_460, 870, 6),
    "2026-10": (94_800, 1_520, 905, 11),
    "2026-11": (96_100, 1_610, 1_720, 8),
}
ANSWERS = {MailKind.FIRST: 0.145, MailKind.SECOND: 0.082}
WITHOUT = {MailKind.FIRST: 0.094, MailKind.SECOND: 0.055}
CHAT_WIDTH = 720


def reports(images: Path) -> None:
    """Draw every chart, and picture the message about a cycle in a chat."""
    months = _months()
    report = report_of(months[-1])
    effects = overall(in_order(_counted()).values())
    for one in [*cycle_charts(report, months, "en"), *reminder_charts(effects, "en")]:
        (images / f"report-{one.filename}").write_bytes(one.content)
    message = cycle_message(report, key="cycle-report", at=ENDED.astimezone(ZoneInfo("Europe/Paris")), language="en")
    asyncio.run(_in_a_chat(message, images / "report-chat.png"))


def _months() -> list[CycleStatistics]:
    found: list[CycleStatistics] = []
    for number, (period, (sent, opted_out, gone, throttled)) in enumerate(MONTHS.items()):
        before = found[-1] if found else None
        seconds = sent / (880 + 6 * number)
        found.append(
            CycleStatistics(
                period=period,
                eligible=sent + opted_out + gone + throttled,
                sent=sent,
                cancelled=0,
                skipped={"contact_opted_out": opted_out},
                failed={"hard_recipient": gone, "throttled": throttled},
                uncertain=0,
                open=0,
                balance=0,
                plans_open=0,
                figures={
                    "sending_s": seconds,
                    "per_second": sent / seconds,
                    "slowest_batch_s": 3.4 + number / 10,
                    "rss_peak_mb": 148.0 + number,
                    "success_rate": sent / (sent + gone + throttled),
                },
                before_period=before.period if before else None,
                before=all_figures(before) if before else {},
            )
        )
    return found


def _counted() -> Effects:
    found: Effects = {}
    for group in _groups(random.Random(11)):  # noqa: S311 - made-up people
        count(found, group)
    return found


def _groups(dice: random.Random) -> Iterator[ReminderGroup]:
    first = datetime(2026, 11, 2, tzinfo=UTC)
    for kind, rate in ANSWERS.items():
        for hour in range(24 * 14):
            at = first + timedelta(hours=hour)
            # Most send their invitations in the evening, and a reminder comes at the same time of the day.
            size = round(max(0.0, dice.gauss({17: 420, 18: 260, 8: 150, 12: 130}.get(at.hour, 9), 8)))
            told = rate * (1.18 if at.hour in {17, 18} else 0.94)
            for arm, people, answering in ((Arm.SENT, size, told), (Arm.HELD_OUT, size // 9, WITHOUT[kind])):
                submitted = sum(dice.random() < answering for _ in range(people))
                yield ReminderGroup(PERIOD, kind, arm, at, "Europe/Paris", people, people, submitted, 0)


async def _in_a_chat(message: OutgoingMessage, target: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        server = await chat_server.start(Path(name))
        settings = Channels(slack_url=SecretStr(f"{server.http}/slack/desk"), local_hosts=urlsplit(server.http).netloc)
        http = ChannelHttp(settings)
        async with Chat(server.http) as client:
            await Slack(http, settings.slack_url or SecretStr("")).deliver(message)
            posted = (await client.messages())[-1].model_copy(update={"time": message.at.astimezone(UTC)})
            await asyncio.to_thread(picture, bubbles([posted]), CHAT_WIDTH, target)
        await http.close()
        await server.stop()
