"""`POST /webhooks/mailgun`: events of Mailgun (documentation.mailgun.com, "Webhooks", "Securing webhooks").

The signature is HMAC-SHA-256 over timestamp and token, by the webhook signing key, in the body itself: it does not
cover the event. The token is of one call, so that the same call twice is one event.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from relance.domain.intake import ReportAction
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

TOLERANCE = timedelta(minutes=15)
_RELAYS_OWN = "suppress-"
"""Reasons of Mailgun itself, which did not try: they say nothing of the mailbox today."""


def read_mailgun(key: str, body: bytes, now: datetime) -> list[RelayEvent]:
    """Return the event of a signed call; none if it reports nothing that ends anything.

    Raises:
        SignatureRejected: the signature is missing, wrong or too old.
        MalformedCall: it is no JSON object.
    """
    call = mapping(parsed(body))
    _verify(key, call.get("signature"), now)
    event = mapping(call.get("event-data"))
    recipient = address_at(event, "recipient")
    message_id = text_at(event, "message", "headers", "message-id")
    clues = clues_from(sender=text_at(event, "envelope", "sender"), message_id=message_id)
    identifier = text_at(event, "id") or text_at(call, "signature", "token")
    match text_at(event, "event"):
        case "complained":
            reading = complaint(recipient, clues)
        case "unsubscribed":
            reading = complaint(recipient, clues, "opt-out")
        case "failed":
            temporary = text_at(event, "severity") != "permanent"
            reading = bounce(
                recipient,
                diagnostic=_diagnostic(event),
                status=text_at(event, "delivery-status", "enhanced-code"),
                clues=clues,
                action=ReportAction.DELAYED if temporary else ReportAction.FAILED,
            )
        case _:
            return []
    return [RelayEvent(identifier, reading)]


def _diagnostic(event: Mapping[str, Json]) -> str:
    if text_at(event, "reason").startswith(_RELAYS_OWN):
        return "450 4.0.0 the relay did not try"
    code = text_at(event, "delivery-status", "code")
    said = text_at(event, "delivery-status", "message") or text_at(event, "delivery-status", "description")
    # Codes of its own, as 605, mean that it did not try either.
    if len(code) == 3 and code[0] not in "45":
        return "450 4.0.0 the relay did not try"
    return said if said[:3].isdigit() else f"{code} {said}".strip()


def _verify(key: str, signature: Json, now: datetime) -> None:
    stamp, token, given = (text_at(signature, name) for name in ("timestamp", "token", "signature"))
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12 or not token:
        raise SignatureRejected
    own = hmac.digest(key.encode(), f"{stamp}{token}".encode(), "sha256").hex()
    if not hmac.compare_digest(own.encode(), given.encode("utf-8", "replace")):
        raise SignatureRejected
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        raise SignatureRejected
