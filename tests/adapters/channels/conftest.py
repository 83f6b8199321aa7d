"""Channels against this session's chat, mailbox and database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from relance.adapters.channels.http import ChannelHttp
from relance.settings.channels import Channels

OLD, NEW = (
    "whsec_" + "b2xkIHNlY3JldCBvZiB0aGlydHkgdHdvIGJ5dGVz",
    "whsec_" + "bmV3IHNlY3JldCBvZiB0aGlydHkgdHdvIGJ5dGVz",
)


@pytest.fixture
def channel_settings(chat_http: str) -> Channels:
    return Channels(
        local_hosts=urlsplit(chat_http).netloc,
        slack_url=SecretStr(f"{chat_http}/slack/services/T0/B0/secret"),
        teams_url=SecretStr(f"{chat_http}/teams/workflows/secret"),
        webhook_url=SecretStr(f"{chat_http}/webhook/desk"),
        webhook_secrets=SecretStr(f"{NEW}, {OLD}"),
        apprise_url=SecretStr(f"json://{urlsplit(chat_http).netloc}/json/desk?rto=0.6&cto=0.6"),
        mail_to="desk@mail.example",
        connect_timeout=2,
        timeout=1,
    )


@pytest.fixture
async def channel_http(channel_settings: Channels) -> AsyncIterator[ChannelHttp]:
    http = ChannelHttp(channel_settings)
    yield http
    await http.close()
