"""`POST /webhooks/neutral`: any relay's events in our own form, signed by Standard Webhooks (version 1.0.0).

    {"type": "mail.bounced", "timestamp": "2026-11-05T18:00:00Z",
     "data": {"recipient": "a@example.net", "messageId": "<...>", "envelopeSender": "bounce+TOKEN@...",
              "code": 550, "status": "5.1.1", "diagnostic": "550 5.1.1 unknown user"}}

Types: `mail.bounced`, `mail.deferred`, `mail.complained`, `mail.unsubscribed`; others are taken and change nothing.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from relance.domain.intake import ReportAction
from relance.gateway.webhooks.model import (
    MalformedCall,
    RelayEvent,
    SignatureRejected,
    address_at,
    bounce,
    clues_from,
    complaint,
    mapping,
    text_at,
)

TOLERANCE = timedelta(minutes=5)


def verify_neutral(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Return the id of a signed call.

    Raises:
        SignatureRejected: no signature of ours, or one older or younger than five minutes.
    """
    identifier, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not identifier or not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise SignatureRejected
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        raise SignatureRejected
    signed = f"{identifier}.{stamp}.".encode() + body
    given = [one.removeprefix("v1,") for one in headers.get("webhook-signature", "").split() if one.startswith("v1,")]
    for secret in secrets:
        key = b64decode(secret.removeprefix("whsec_"))
        own = b64encode(hmac.digest(key, signed, "sha256"))
        if any(hmac.compare_digest(own, one.encode("utf-8", "replace")) for one in given[:10]):
            return identifier
    raise SignatureRejected


def read_neutral(body: bytes, identifier: str) -> list[RelayEvent]:
    """Return the event of a call; none if its type says nothing to us.

    Raises:
        MalformedCall: it is no JSON, or lacks `type` or `data`.
    """
    try:
        event = mapping(json.loads(body))
    except ValueError:
        raise MalformedCall("no JSON") from None
    data, type_ = mapping(event.get("data")), text_at(event, "type")
    recipient = address_at(data, "recipient")
    clues = clues_from(sender=text_at(data, "envelopeSender"), message_id=text_at(data, "messageId"))
    match type_:
        case "mail.bounced" | "mail.deferred":
            code, said = text_at(data, "code"), text_at(data, "diagnostic")
            reading = bounce(
                recipient,
                diagnostic=said if said[:3].isdigit() else f"{code} {said}".strip(),
                status=text_at(data, "status"),
                clues=clues,
                action=ReportAction.FAILED if type_ == "mail.bounced" else ReportAction.DELAYED,
            )
        case "mail.complained":
            reading = complaint(recipient, clues)
        case "mail.unsubscribed":
            reading = complaint(recipient, clues, "opt-out")
        case _:
            return []
    return [RelayEvent(identifier, reading)]
