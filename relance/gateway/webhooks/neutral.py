"""`POST /webhooks/neutral`: any relay's events in our own form, signed by Standard Webhooks (version 1.0.0).

    {"type": "mail.bounced", "timestamp": "2026-11-05T18:00:00Z",
     "data": {"recipient": "a@example.net", "messageId": "<...>", "envelopeSender": "bounce+TOKEN@...",
              "code": 550, "status": "5.1.1", "diagnostic": "550 5.1.1 unknown user"}}

Types: `mail.bounced`, `mail.deferred`, `mail.complained`, `mail.unsubscribed`; others are taken and change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from relance.adapters import webhook_signatures
from relance.domain.intake import ReportAction
from relance.errors import InvalidInput
from relance.gateway.webhooks.model import (
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


def verify_neutral(keys: Sequence[bytes], headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Return the id of a signed call.

    Raises:
        SignatureRejected: no signature of ours, or one of another time.
    """
    try:
        identifier = webhook_signatures.claimed_id(headers, now)
        webhook_signatures.check(keys, headers, body)
    except InvalidInput:
        raise SignatureRejected from None
    return identifier


def read_neutral(body: bytes, identifier: str) -> list[RelayEvent]:
    """Return the event of a call; none if its type says nothing to us.

    Raises:
        MalformedCall: it is no JSON, or lacks `type` or `data`.
    """
    event = mapping(parsed(body))
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
