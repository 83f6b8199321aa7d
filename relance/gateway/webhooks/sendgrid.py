"""`POST /webhooks/sendgrid`: SendGrid's signed event webhook (docs.sendgrid.com, "Event Webhook Security Features").

ECDSA over the timestamp of the header and the bytes of the body, SHA-256, by the key whose public half the settings
hold (base64 of its DER form).
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from relance.domain.intake import MailReading, ReportAction
from relance.gateway.webhooks.model import (
    Json,
    MalformedCall,
    RelayEvent,
    SignatureRejected,
    address_at,
    bounce,
    clues_from,
    complaint,
    parsed,
    text_at,
)

SIGNATURE, TIMESTAMP = "x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp"
TOLERANCE = timedelta(minutes=15)


def verify_sendgrid(public_key: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Make sure that a call was signed.

    Raises:
        SignatureRejected: it was not, or too long ago; or the key of the settings is none.
    """
    stamp = headers.get(TIMESTAMP, "")
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise SignatureRejected
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        raise SignatureRejected
    try:
        key = load_der_public_key(b64decode(public_key))
        if not isinstance(key, EllipticCurvePublicKey):
            raise SignatureRejected
        key.verify(b64decode(headers.get(SIGNATURE, ""), validate=True), stamp.encode() + body, ECDSA(SHA256()))
    except (InvalidSignature, ValueError, binascii.Error):
        raise SignatureRejected from None


def read_sendgrid(body: bytes) -> list[RelayEvent]:
    """Return the events of a call, up to thousands, that report something.

    Raises:
        MalformedCall: it is no JSON list.
    """
    events = parsed(body)
    if not isinstance(events, list):
        raise MalformedCall("a list was expected")
    found = ((event, _reading(event)) for event in events)
    return [
        RelayEvent(_identifier(event, number), reading, json.dumps(event).encode())
        for number, (event, reading) in enumerate(found)
        if reading is not None
    ]


def _identifier(event: Json, number: int) -> str:
    return text_at(event, "sg_event_id") or f"{text_at(event, 'sg_message_id')}-{number}"


def _reading(event: Json) -> MailReading | None:
    recipient = address_at(event, "email")
    clues = clues_from(message_id=text_at(event, "smtp-id"))
    match text_at(event, "event"):
        case "spamreport":
            return complaint(recipient, clues)
        case "unsubscribe" | "group_unsubscribe":
            return complaint(recipient, clues, "opt-out")
        case "bounce":
            # "blocked" is the relay's word for a refusal that is not about the mailbox.
            status = "5.7.1" if text_at(event, "type") == "blocked" else text_at(event, "status")
            return bounce(recipient, diagnostic=text_at(event, "reason"), status=status, clues=clues)
        case "deferred":
            return bounce(recipient, diagnostic=text_at(event, "response"), clues=clues, action=ReportAction.DELAYED)
        case "dropped":
            # Its own suppressions: it did not try.
            return bounce(recipient, diagnostic="450 4.0.0 the relay did not try", clues=clues)
    return None
