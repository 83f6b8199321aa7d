"""What a call of Slack says: who pressed which button, and where the answer goes.

(docs.slack.dev/reference/interaction-payloads/block_actions-payload)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from relance.domain.channels.answers import ANSWERS, keys_of
from relance.domain.conversation import Intent
from relance.gateway.webhooks.model import MalformedCall, listing, mapping, parsed, text_at

_USER = re.compile(r"[UW][A-Z0-9]{2,30}")
HOST = "hooks.slack.com"


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of ours that somebody pressed: about which alerts, by their keys."""

    intent: Intent
    about: tuple[str, ...]
    user: str
    answer_to: str


def read_pressed(body: bytes) -> Pressed | None:
    """Return the button of a signed call; None if it is none of ours, as a link.

    Raises:
        MalformedCall: it is no call of Slack's.
    """
    try:
        fields = parse_qs(body.decode(), max_num_fields=10)
    except ValueError:
        raise MalformedCall("no form") from None
    payload = mapping(parsed("".join(fields.get("payload", [])[:1])))
    user = text_at(payload, "user", "id")
    if text_at(payload, "type") != "block_actions":
        return None
    if not _USER.fullmatch(user):
        raise MalformedCall("no user")
    for action in listing(payload.get("actions")):
        intent = ANSWERS.get(text_at(action, "action_id"))
        if intent is not None:
            return Pressed(intent, keys_of(text_at(action, "value")), user, text_at(payload, "response_url"))
    return None


def is_of_slack(address: str) -> bool:
    """Return whether an address is one at which Slack takes answers: nothing else is called."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    plain = parts.scheme == "https" and port in {None, 443} and parts.username is None and parts.password is None
    return plain and parts.hostname == HOST and parts.netloc.lower() in {HOST, f"{HOST}:443"}
