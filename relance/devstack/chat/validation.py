"""What the real services would refuse: each check returns the answer's status and body, or None if all is well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from relance.devstack.chat.models import Service

Refusal: TypeAlias = tuple[int, str] | None

_CARD = "application/vnd.microsoft.card.adaptive"
_SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")


def refusal(service: Service, headers: Mapping[str, str], raw: bytes, body: Any) -> Refusal:
    """Return how the service would refuse a message, or None."""
    if not isinstance(body, dict):
        return 400, "invalid_payload"
    return _CHECKS[service](headers, raw, body)


def _slack(_: Mapping[str, str], __: bytes, body: Mapping[str, Any]) -> Refusal:
    blocks = body.get("blocks", [])
    if not body.get("text") and not blocks and not body.get("attachments"):
        return 400, "no_text"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(blocks) > 50 or len(set(ids)) < len(ids) or any(len(id_) > 255 for id_ in ids):
        return 400, "invalid_blocks"
    if not all(_good_block(block) for block in blocks):
        return 400, "invalid_blocks"
    return None


def _good_block(block: Mapping[str, Any]) -> bool:
    match block:
        case {"type": "header", "text": {"type": "plain_text", "text": str(text)}}:
            return 0 < len(text) <= 150
        case {"type": "section", "text": {"type": "mrkdwn" | "plain_text", "text": str(text)}}:
            return 0 < len(text) <= 3000
        case {"type": "context", "elements": [*elements]}:
            return 0 < len(elements) <= 10
        case {"type": "actions", "elements": [*elements]}:
            actions = [element.get("action_id") for element in elements]
            return 0 < len(elements) <= 25 and len(set(actions)) == len(actions) and all(map(_good_button, elements))
    return False


def _good_button(element: Mapping[str, Any]) -> bool:
    match element:
        case {
            "type": "button",
            "action_id": str(action),
            "value": str(value),
            "text": {"type": "plain_text", "text": str(text)},
        }:
            return 0 < len(action) <= 255 and 0 < len(value) <= 2000 and 0 < len(text) <= 75
    return False


def _teams(_: Mapping[str, str], raw: bytes, body: Mapping[str, Any]) -> Refusal:
    if len(raw) > 28_000:
        return 413, "RequestEntityTooLarge"
    match body:
        case {
            "type": "message",
            "attachments": [{"contentType": str(kind), "content": {"type": "AdaptiveCard", "body": [*_]}}],
        } if kind == _CARD:
            return None
    return 400, "BadRequest"


def _webhook(headers: Mapping[str, str], raw: bytes, body: Mapping[str, Any]) -> Refusal:
    if not all(headers.get(name) for name in _SIGNED) or "type" not in body:
        return 400, "not_signed"
    return (413, "too_large") if len(raw) > 1_000_000 else None


_CHECKS: dict[Service, Callable[[Mapping[str, str], bytes, Mapping[str, Any]], Refusal]] = {
    Service.SLACK: _slack,
    Service.TEAMS: _teams,
    Service.WEBHOOK: _webhook,
    Service.JSON: lambda *_: None,
}
