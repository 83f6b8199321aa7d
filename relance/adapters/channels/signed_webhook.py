"""A generic webhook, signed so that its receiver can verify the sender (standardwebhooks.com, version 1.0.0)."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Sequence

from pydantic import SecretStr

from relance.adapters.channels.http import ChannelHttp
from relance.adapters.webhook_signatures import signatures
from relance.domain.channels.messages import OutgoingMessage, links, plain_text
from relance.ports import Clock, Delivered
from relance.settings.recipients import ChannelName


class SignedWebhook:
    """`ports.Channel` after Standard Webhooks; the message's key is the `webhook-id`."""

    def __init__(
        self,
        http: ChannelHttp,
        url: SecretStr,
        secrets: Sequence[SecretStr],
        clock: Clock,
        name: str = ChannelName.WEBHOOK,
    ) -> None:
        self.name = name
        self._http = http
        self._url = url
        self._keys = [b64decode(secret.get_secret_value().removeprefix("whsec_")) for secret in secrets]
        self._clock = clock

    async def deliver(self, message: OutgoingMessage) -> Delivered:
        """Post a message; its timestamp is of this attempt, because receivers refuse old ones."""
        body = _payload(message)
        timestamp = str(int(self._clock.now().timestamp()))
        headers = {
            "webhook-id": message.key,
            "webhook-timestamp": timestamp,
            "webhook-signature": signatures(self._keys, message.key, timestamp, body),
            "Idempotency-Key": message.key,
        }
        await self._http.post(self.name, self._url.get_secret_value(), body, headers)
        return Delivered(self.name)


def _payload(message: OutgoingMessage) -> bytes:
    data = {
        "key": message.key,
        "severity": message.severity,
        "language": message.language,
        "title": message.title,
        "text": message.text,
        "rows": message.rows,
        "offer": message.offer,
        "links": [{"name": name, "url": url} for name, url in links(message)],
        "plain": plain_text(message),
    }
    event = {"type": "message.posted", "timestamp": message.at.isoformat(), "data": data}
    return json.dumps(event, ensure_ascii=False).encode()
