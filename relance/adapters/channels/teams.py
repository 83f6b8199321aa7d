"""Teams: an Adaptive Card posted to the webhook of a workflow, which replaced the connectors of Office 365.

A workflow takes 28 kB at most (learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors).
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import SecretStr

from relance.adapters.channels.http import ChannelHttp
from relance.domain.channels.messages import OutgoingMessage, heading, links, shown_rows
from relance.ports import Delivered
from relance.settings.recipients import ChannelName

LINE_CHARACTERS = 1500
MOST_BYTES = 28_000


class Teams:
    """`ports.Channel` over the webhook of a workflow."""

    def __init__(self, http: ChannelHttp, url: SecretStr, name: str = ChannelName.TEAMS) -> None:
        self.name = name
        self._http = http
        self._url = url

    async def deliver(self, message: OutgoingMessage) -> Delivered:
        """Post a card; the message's key travels as the id of its container and as Idempotency-Key."""
        await self._http.post(
            self.name, self._url.get_secret_value(), _payload(message), {"Idempotency-Key": message.key}
        )
        return Delivered(self.name)


def _payload(message: OutgoingMessage) -> bytes:
    for characters in (LINE_CHARACTERS, 150, 20):
        payload = json.dumps(_envelope(message, characters), ensure_ascii=False).encode()
        if len(payload) <= MOST_BYTES:
            break
    return payload


def _envelope(message: OutgoingMessage, characters: int) -> dict[str, Any]:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "lang": message.language,
        "fallbackText": message.title[:characters],
        "msteams": {"width": "Full"},
        "body": [{"type": "Container", "id": message.key, "items": _items(message, characters)}],
        "actions": [{"type": "Action.OpenUrl", "title": name, "url": url} for name, url in links(message)],
    }
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [content]}


def _items(message: OutgoingMessage, characters: int) -> list[dict[str, Any]]:
    lines = [line for line in (message.text, *shown_rows(message), message.offer) if line]
    return [
        _line(heading(message), isSubtle=True, size="Small"),
        _line(message.title[:characters], weight="Bolder", size="Large"),
        *(_line(line if len(line) <= characters else f"{line[: characters - 1]}…") for line in lines),
    ]


def _line(text: str, **style: Any) -> dict[str, Any]:
    # A TextBlock would read Markdown, links and images included, out of a partner's name; a TextRun does not.
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}
