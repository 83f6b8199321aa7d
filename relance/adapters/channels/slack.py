"""Slack's and Mattermost's incoming webhooks: blocks for Slack, `text` for Mattermost and for notifications.

Limits of Block Kit: a header of 150 characters, a section of 3,000, 50 blocks (docs.slack.dev/reference/block-kit).
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import SecretStr

from relance.adapters.channels.http import ChannelHttp
from relance.domain.channels.answers import buttons
from relance.domain.channels.messages import OutgoingMessage, heading, links, plain_text, shown_rows
from relance.ports import Delivered
from relance.settings.recipients import ChannelName

HEADER_CHARACTERS = 150
SECTION_CHARACTERS = 3000
TEXT_CHARACTERS = 12_000
_INVISIBLE = "\u200b"


class Slack:
    """`ports.Channel` over an incoming webhook."""

    def __init__(
        self, http: ChannelHttp, url: SecretStr, name: str = ChannelName.SLACK, *, has_buttons: bool = False
    ) -> None:
        self.name = name
        self._has_buttons = has_buttons
        self._http = http
        self._url = url

    async def deliver(self, message: OutgoingMessage) -> Delivered:
        """Post a message; its key travels as `block_id` and as Idempotency-Key."""
        body = json.dumps({"text": _fallback(message), "blocks": _blocks(message, self._has_buttons)}).encode()
        await self._http.post(self.name, self._url.get_secret_value(), body, {"Idempotency-Key": message.key})
        return Delivered(self.name)


async def answer(http: ChannelHttp, address: str, message: OutgoingMessage, *, is_public: bool) -> None:
    """Post an answer to the address that came with what somebody pressed; the original message stays.

    Raises:
        ChannelError: it was not taken.
    """
    kind = "in_channel" if is_public else "ephemeral"
    said = {"text": _fallback(message), "blocks": _blocks(message, has_buttons=False)}
    body = json.dumps({"response_type": kind, "replace_original": False, **said}).encode()
    await http.post(ChannelName.SLACK, address, body, {})


def _blocks(message: OutgoingMessage, has_buttons: bool) -> list[dict[str, Any]]:  # noqa: FBT001
    title = {"type": "plain_text", "text": _cut(message.title, HEADER_CHARACTERS), "emoji": False}
    blocks = [_context(heading(message)), {"type": "header", "block_id": message.key[:255], "text": title}]
    blocks += [_section(text) for text in (message.text, "\n".join(shown_rows(message)), message.offer) if text]
    if found := links(message):
        blocks.append(_section(" · ".join(f"<{_escaped(url)}|{_escaped(name)}>" for name, url in found), escape=False))
    elements = [_button(*each) for each in buttons(message)] if has_buttons else []
    return [*blocks, {"type": "actions", "elements": elements}] if elements else blocks


def _button(action: str, name: str, value: str) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": name}, "value": value}


def _section(text: str, *, escape: bool = True) -> dict[str, Any]:
    shown = _cut(_escaped(text), SECTION_CHARACTERS) if escape else text
    # Verbatim: what looks like a channel or a name stays what it is.
    return {"type": "section", "text": {"type": "mrkdwn", "text": shown, "verbatim": True}}


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": _escaped(text), "verbatim": True}]}


def _fallback(message: OutgoingMessage) -> str:
    """Return the text for Mattermost too, which reads it as Markdown: no mentions, no links or images from labels."""
    text = _escaped(plain_text(message)).replace("@", f"@{_INVISIBLE}").replace("](", f"]{_INVISIBLE}(")
    return _cut(text, TEXT_CHARACTERS)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
