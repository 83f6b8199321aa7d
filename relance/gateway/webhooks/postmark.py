"""`POST /webhooks/postmark`: bounces and spam complaints of Postmark (postmarkapp.com, "Bounce webhook").

Postmark signs nothing; a caller that knows the user and the password in the address is trusted. It replaces our
Message-ID and tells ours in the `Content` of the bounce only ("Include bounce content"), or as metadata
`invitation-message-id`.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from collections.abc import Mapping

from relance.domain.intake import ReportAction, parse_message, read_message
from relance.gateway.webhooks.model import (
    Json,
    RelayEvent,
    SignatureRejected,
    address_at,
    bounce,
    clues_from,
    complaint,
    mapping,
    parsed,
    text_at,
)

_UNDER_WAY = frozenset(
    {"Transient", "DnsError", "AutoResponder", "ChallengeVerification", "AddressChange", "Subscribe"}
)
_STATUS = {"HardBounce": "5.0.0", "BadEmailAddress": "5.1.3", "SoftBounce": "4.0.0", "SpamNotification": "5.7.1",
    "Blocked": "5.7.1", "ISPBlocked": "5.7.1", "DMARCPolicy": "5.7.1"}  # fmt: skip
_MOST_CONTENT = 512 * 1024


def verify_basic(expected: str, headers: Mapping[str, str]) -> None:
    """Make sure that a call has the user and the password of the settings.

    Raises:
        SignatureRejected: it has not.
    """
    scheme, _, given = headers.get("authorization", "").partition(" ")
    try:
        plain = b64decode(given, validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        plain = b""
    if not hmac.compare_digest(plain, expected.encode()):
        raise SignatureRejected


def read_postmark(body: bytes) -> list[RelayEvent]:
    """Return the event of a call; none if it reports nothing that ends anything.

    Raises:
        MalformedCall: it is no JSON object.
    """
    event = mapping(parsed(body))
    record, type_ = text_at(event, "RecordType"), text_at(event, "Type")
    identifier = f"{record}-{text_at(event, 'ID') or text_at(event, 'MessageID')}"
    recipient = address_at(event, "Email") or address_at(event, "Recipient")
    metadata = event.get("Metadata")
    clues = clues_from(message_id=text_at(metadata, "invitation-message-id"), texts=_content(event))
    if record == "SpamComplaint" or type_ == "SpamComplaint":
        return [RelayEvent(identifier, complaint(recipient, clues))]
    if record == "SubscriptionChange" and event.get("SuppressSending") is True:
        if text_at(event, "SuppressionReason") != "ManualSuppression":
            return []
        return [RelayEvent(identifier, complaint(recipient, clues, "opt-out"))]
    if record != "Bounce":
        return []
    if type_ == "Unsubscribe":
        return [RelayEvent(identifier, complaint(recipient, clues, "opt-out"))]
    action = ReportAction.DELAYED if type_ in _UNDER_WAY else ReportAction.FAILED
    reading = bounce(
        recipient, diagnostic=text_at(event, "Details"), status=_STATUS.get(type_, "5.0.0"), clues=clues, action=action
    )
    return [RelayEvent(identifier, reading)]


def _content(event: Json) -> list[str]:
    content = event.get("Content")
    if not isinstance(content, str) or not content:
        return []
    clues = read_message(parse_message(content[:_MOST_CONTENT].encode("utf-8", "replace"))).clues
    tokens = [f"bounce+{token}@returned.invalid" for token in clues.bounce_tokens]
    return [*tokens, *clues.link_tokens, *clues.message_ids]
