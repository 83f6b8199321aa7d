"""What the partner desk reads on one morning, for `screenshots.py`: checked, written and drawn by the real code."""

from __future__ import annotations

import asyncio
import email
import secrets
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from email.policy import default
from pathlib import Path
from urllib.parse import urlsplit

from chromium import picture
from pydantic import SecretStr

from relance import ids
from relance.adapters.attachment_tokens import AttachmentTokens
from relance.adapters.channels.http import ChannelHttp
from relance.adapters.channels.slack import Slack
from relance.adapters.everflow.reports import EverflowReports
from relance.adapters.mongo.connection import connect
from relance.contracts.names import CheckName
from relance.devstack import chat_server, everflow_server, mongod
from relance.devstack.chat.client import Chat
from relance.devstack.chat.page import bubbles
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow.dataset import Fact, World
from relance.devstack.everflow.gate import NETWORK_KEY
from relance.devstack.everflow.samples import ZONE, sample_world
from relance.domain.alerts.delivery import NotificationKind
from relance.domain.channels.messages import OutgoingMessage
from relance.domain.zones import zone_info
from relance.gateway.addresses import attachment_addresses
from relance.rendering.alert_charts import AlertCharts
from relance.rendering.alert_mail import AlertMailWriter
from relance.services.report_checks import run_check
from relance.settings import Mongo
from relance.settings.channels import Channels
from relance.settings.everflow import Everflow
from relance.settings.gateway import Gateway
from relance.settings.mail import MailGroup
from relance.settings.privacy import Privacy
from relance.wording.alerts.messages import alert_message

MORNING = date(2026, 11, 20)
AT = {CheckName.DEFAULT_LP: time(9), CheckName.PAUSED_PARTNER: time(8)}
# A worse morning than the sample network's: a second default page, and two more partners below half of their revenue.
BUSY_PAGE, MORE_CLICKS = 2766, 5
FALLEN = {201: Decimal("0.2"), 205: Decimal("0.35")}
CHAT_WIDTH, MAIL_WIDTH = 720, 700


class SampleServers:
    """The servers of one morning."""

    def __init__(self, folder: Path, reports: EverflowReports, charts: AlertCharts) -> None:
        self.folder = folder
        self._reports = reports
        self._charts = charts

    async def message(self, check: CheckName, language: str) -> OutgoingMessage:
        """Return what a check has to say."""
        at = datetime.combine(MORNING, AT[check], zone_info(ZONE))
        seen = (await run_check(check, self._reports, Everflow().rules, at)).conditions
        alerts = [one.opened(one.subject, ids.alert_key(one.rule, one.subject), at) for one in seen]
        key = ids.alert_message_key(check, at, 1)
        attachments = await self._charts.attachments(alerts, key, language)
        return alert_message(
            NotificationKind.FIRING, alerts, key=key, at=at, language=language, attachments=attachments
        )


def chat(images: Path) -> None:
    """Picture the message of each check as the chat shows it."""
    asyncio.run(_chat(images))


def alert(images: Path) -> None:
    """Picture the alert mail in both languages."""
    asyncio.run(_alert(images))


async def _chat(images: Path) -> None:
    async with _desk() as desk:
        server = await chat_server.start(desk.folder)
        settings = Channels(
            slack_url=SecretStr(f"{server.http}/slack/partner-desk"), local_hosts=urlsplit(server.http).netloc
        )
        http = ChannelHttp(settings)
        async with Chat(server.http) as client:
            for check in CheckName:
                message = await desk.message(check, "en")
                await Slack(http, settings.slack_url or SecretStr("")).deliver(message)
                posted = (await client.messages())[-1].model_copy(update={"time": message.at.astimezone(UTC)})
                target = images / f"chat-{check}.png"
                await asyncio.to_thread(picture, bubbles([posted]), CHAT_WIDTH, target)
        await http.close()
        await server.stop()


async def _alert(images: Path) -> None:
    writer = AlertMailWriter(MailGroup())
    async with _desk() as desk:
        for language, suffix in (("en", ""), ("fr", "-fr")):
            message = await desk.message(CheckName.PAUSED_PARTNER, language)
            raw = await asyncio.to_thread(writer.write, message, "desk@partners.example", "<alert.1@relance.example>")
            target = images / f"alert-mail-paused-partner{suffix}.png"
            await asyncio.to_thread(picture, _html(raw), MAIL_WIDTH, target)


def _html(raw: bytes) -> str:
    """Return a mail's HTML with its pictures in it, as a mail program would show it."""
    mail = email.message_from_bytes(raw, policy=default)
    part = mail.get_body(("html",))
    if part is None:
        raise ValueError("the mail has no HTML part")
    html = str(part.get_content())
    for one in mail.walk():
        if one.get_content_maintype() == "image":
            data = f"data:{one.get_content_type()};base64,{b64encode(one.get_content()).decode()}"
            html = html.replace(f"cid:{one['Content-ID'].strip('<>')}", data)
    return html


@asynccontextmanager
async def _desk() -> AsyncIterator[SampleServers]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database, network = await asyncio.gather(mongod.start(folder), everflow_server.start(folder))
        suppression_key, link_key = (SecretStr(secrets.token_urlsafe(32)) for _ in range(2))
        keys = Privacy(suppression_key=suppression_key, link_key=link_key)
        opened = connect(Mongo(uri=SecretStr(database.uri)), keys)
        charts = AlertCharts(
            opened.attachments,
            attachment_addresses(Gateway(public_url="https://relance.example"), AttachmentTokens(keys.link_keys).sign),
        )
        async with EverflowControl(network.http) as control:
            await control.put_world(_worse(sample_world(MORNING)))
        async with EverflowReports(Everflow(base_url=network.http, api_key=SecretStr(NETWORK_KEY))) as reports:
            yield SampleServers(folder, reports, charts)
        await opened.close()
        await asyncio.gather(network.stop(), database.stop())


def _worse(world: World) -> World:
    return world.model_copy(update={"facts": tuple(_changed(fact) for fact in world.facts)})


def _changed(fact: Fact) -> Fact:
    back = (MORNING - fact.hour.astimezone(zone_info(ZONE)).date()) // timedelta(days=1)
    if back <= 3 and fact.partner in FALLEN:
        fact = fact.model_copy(update={"revenue": fact.revenue * FALLEN[fact.partner]})
    if back == 1 and fact.offer_url == BUSY_PAGE:
        fact = fact.model_copy(update={"total_click": fact.total_click + MORE_CLICKS})
    return fact
