"""Amazon SES over SNS: what a notification reports (docs.aws.amazon.com/ses, "Amazon SNS notification contents").

`mail.source` is the envelope sender of ours with its token; SES replaces the Message-ID, and tells ours in
`mail.headers` where that is switched on.
"""

from __future__ import annotations

from collections.abc import Iterator

from relance.domain.intake import Clues, MailReading, ReportAction
from relance.gateway.webhooks.model import (
    Json,
    RelayEvent,
    address_at,
    bounce,
    clues_from,
    complaint,
    listing,
    mapping,
    parsed,
    text_at,
)

_NO_TRY = "450 4.0.0 the relay did not try"
_SUB_TYPES = {"NoEmail": "550 5.1.1", "Suppressed": _NO_TRY, "OnAccountSuppressionList": _NO_TRY,
    "MailboxFull": "552 5.2.2", "MessageTooLarge": "552 5.3.4", "ContentRejected": "554 5.6.0",
    "AttachmentRejected": "554 5.6.0"}  # fmt: skip


def read_ses(message: str, identifier: str) -> list[RelayEvent]:
    """Return the events of a notification, one per recipient.

    Raises:
        MalformedCall: it is no JSON object.
    """
    event = mapping(parsed(message))
    clues = _clues(event.get("mail"))
    kind = text_at(event, "notificationType") or text_at(event, "eventType")
    readings = {"Bounce": _bounces, "Complaint": _complaints}.get(kind)
    if readings is None:
        return []
    found = readings(event, clues)
    return [RelayEvent(f"{identifier}-{number}", reading) for number, reading in enumerate(found)]


def _bounces(event: Json, clues: Clues) -> Iterator[MailReading]:
    details = event.get("bounce")
    permanent = text_at(details, "bounceType") == "Permanent"
    said = _SUB_TYPES.get(text_at(details, "bounceSubType"), "")
    for recipient in listing(details.get("bouncedRecipients") if isinstance(details, dict) else None)[:100]:
        diagnostic = text_at(recipient, "diagnosticCode").partition("; ")[2] or text_at(recipient, "diagnosticCode")
        # The words of the server that refused say more than SES's summary, unless SES itself did not try.
        yield bounce(
            address_at(recipient, "emailAddress"),
            diagnostic=said if said == _NO_TRY or not diagnostic else diagnostic,
            status=text_at(recipient, "status") or ("5.0.0" if permanent else "4.0.0"),
            clues=clues,
            action=ReportAction.FAILED if text_at(recipient, "action") in {"", "failed"} else ReportAction.DELAYED,
        )


def _complaints(event: Json, clues: Clues) -> Iterator[MailReading]:
    details = event.get("complaint")
    type_ = text_at(details, "complaintFeedbackType") or "abuse"
    recipients = listing(details.get("complainedRecipients") if isinstance(details, dict) else None)[:100]
    # SES names everybody of that domain a mail went to; ours have one recipient.
    for recipient in recipients:
        yield complaint(address_at(recipient, "emailAddress"), clues, type_)


def _clues(mail: Json) -> Clues:
    headers = listing(mail.get("headers") if isinstance(mail, dict) else None)
    named = {text_at(header, "name").lower(): text_at(header, "value") for header in headers[:100]}
    message_id = text_at(mail, "commonHeaders", "messageId") or named.get("message-id", "")
    return clues_from(sender=text_at(mail, "source"), message_id=message_id, texts=[named.get("list-unsubscribe", "")])
