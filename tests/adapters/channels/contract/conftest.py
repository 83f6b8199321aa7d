"""The contract's harness, once per channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from relance.adapters.breaker import Breakers
from relance.adapters.channels.opening import OpenChannels
from relance.adapters.clock import SystemClock
from relance.devstack.chat.models import Service
from relance.rendering.alert_mail import AlertMailWriter
from relance.settings.channels import Channels
from relance.settings.mail import MailGroup
from relance.settings.pacing import Breaking
from relance.settings.recipients import ChannelName
from tests.adapters.channels.contract.harness import Harness, InInbox, OverHttp, OverMail, texts

_READ = {
    ChannelName.SLACK: (Service.SLACK, lambda body: texts(body["blocks"])),
    ChannelName.TEAMS: (Service.TEAMS, lambda body: texts(body["attachments"])),
    ChannelName.WEBHOOK: (Service.WEBHOOK, lambda body: body["data"]["plain"]),
    ChannelName.APPRISE: (Service.JSON, lambda body: f"{body['title']}\n{body['message']}"),
}


@pytest.fixture
def chosen(request: pytest.FixtureRequest) -> ChannelName:
    return ChannelName(request.param)


@pytest.fixture
def environment(chosen: ChannelName, request: pytest.FixtureRequest) -> dict[str, Any]:
    """What this channel needs, so that no other server is started for it."""
    names = {ChannelName.INBOX: ["db"], ChannelName.MAIL: ["mailbox", "mailbox_smtp"]}.get(chosen, ["chat"])
    return {name: request.getfixturevalue(name) for name in names}


@pytest.fixture
async def harness(
    chosen: ChannelName, environment: dict[str, Any], channel_settings: Channels
) -> AsyncIterator[Harness]:
    settings = channel_settings.model_copy(update={"always": str(chosen)})
    mail = MailGroup()
    messages: Any = environment["db"].chat_messages if chosen is ChannelName.INBOX else None
    if chosen is ChannelName.MAIL:
        host, port = environment["mailbox_smtp"]
        mail = MailGroup(host=host, port=port, connect_timeout=2, command_timeout=1, data_timeout=1)
    breakers = Breakers(Breaking())
    write, clock = AlertMailWriter(mail).write, SystemClock()
    async with OpenChannels(settings, mail, messages, write, clock, breakers=breakers, names=[chosen]) as opened:
        channel = opened.by_name[chosen]
        if chosen is ChannelName.INBOX:
            yield InInbox(channel, messages)
        elif chosen is ChannelName.MAIL:
            yield OverMail(channel, environment["mailbox"])
        else:
            yield OverHttp(channel, environment["chat"], *_READ[chosen])
