"""Our signatures, checked with the library of those who wrote the standard."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from relance.adapters.channels.http import ChannelHttp
from relance.adapters.channels.signed_webhook import SignedWebhook
from relance.devstack.chat.client import Chat
from relance.devstack.chat.models import PostedMessage
from relance.settings.channels import Channels
from tests.adapters.channels.conftest import NEW, OLD
from tests.support.messages import KEY, a_foreign_message, a_message


@dataclass
class Fixed:
    instant: datetime

    def now(self) -> datetime:
        return self.instant


async def _posted(
    chat: Chat, http: ChannelHttp, settings: Channels, *, at: datetime | None = None, foreign: bool = False
) -> PostedMessage:
    assert settings.webhook_url is not None
    channel = SignedWebhook(http, settings.webhook_url, settings.secrets, Fixed(at or datetime.now(UTC)))
    await channel.deliver(a_foreign_message() if foreign else a_message())
    return (await chat.messages())[-1]


async def test_receivers_with_the_old_or_the_new_secret_accept_it(
    chat: Chat, channel_http: ChannelHttp, channel_settings: Channels
) -> None:
    for foreign in (False, True):
        posted = await _posted(chat, channel_http, channel_settings, foreign=foreign)
        for secret in (OLD, NEW):
            verified = Webhook(secret).verify(posted.raw, posted.headers)
            assert verified["data"]["rows"] == posted.body["data"]["rows"]
    assert len(posted.headers["webhook-signature"].split()) == 2


async def test_a_stranger_a_changed_body_and_an_old_timestamp_are_refused(
    chat: Chat, channel_http: ChannelHttp, channel_settings: Channels
) -> None:
    posted = await _posted(chat, channel_http, channel_settings)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "c29tZWJvZHkgZWxzZSdzIHNlY3JldCBvZiAzMiBieXRl").verify(posted.raw, posted.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(posted.raw.replace("63 clicks", "64 clicks"), posted.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(posted.raw, {**posted.headers, "webhook-id": "another"})
    late = await _posted(chat, channel_http, channel_settings, at=datetime.now(UTC) - timedelta(minutes=6))
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(late.raw, late.headers)


async def test_a_second_try_has_the_same_id_and_a_new_timestamp(
    chat: Chat, channel_http: ChannelHttp, channel_settings: Channels
) -> None:
    now = datetime.now(UTC)
    first = await _posted(chat, channel_http, channel_settings, at=now - timedelta(minutes=4))
    second = await _posted(chat, channel_http, channel_settings, at=now)
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == KEY
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 240
    assert first.raw == second.raw


async def test_the_body_says_what_happened_when_and_where_to_look(
    chat: Chat, channel_http: ChannelHttp, channel_settings: Channels
) -> None:
    body = json.loads((await _posted(chat, channel_http, channel_settings)).raw)
    message = replace(a_message())
    assert body["type"] == "message.posted"
    assert datetime.fromisoformat(body["timestamp"]) == message.at
    assert body["data"]["severity"] == "high"
    assert body["data"]["links"] == [{"name": "Answer in the console", "url": message.details_url}]
