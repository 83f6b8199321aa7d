"""Automatic answers (RFC 3834): out of office, receipts, tickets, and challenges. None of them is an event."""

from __future__ import annotations

from email.message import Message

from relance.domain.intake.automatic_words import ANSWER_SUBJECT, CHALLENGE_ASKS, CHALLENGE_SUBJECT
from relance.domain.intake.parts import body_text, content_type, header, parameter, parts_of

_ANSWERING_HEADERS = (
    "X-Autoreply",
    "X-Autorespond",
    "X-Autoresponder",
    "X-Auto-Reply",
    "X-Mail-Autoreply",
    "X-AutoReply-From",
    "X-Vacation",
    "X-MS-Exchange-Inbox-Rules-Loop",
)
_CHALLENGE_HEADERS = (
    "X-Challenge",
    "X-TMDA-Confirm",
    "X-Boxbe-Confirm",
    "X-Spamarrest-Probe",
    "X-ASK-Auth",
    "X-Mailblocks-Confirm",
)


def is_automatic(message: Message) -> bool:
    """Return whether a program answered: by the headers of RFC 3834 and older habits, else by the subject."""
    submitted = header(message, "Auto-Submitted").lower()
    precedence = header(message, "Precedence").lower()
    return (
        submitted.startswith(("auto-replied", "auto-notified"))
        or any(header(message, name) for name in _ANSWERING_HEADERS)
        or precedence in {"auto_reply", "auto-reply", "autoreply"}
        or is_disposition(message)
        or ANSWER_SUBJECT.search(header(message, "Subject")) is not None
    )


def is_disposition(message: Message) -> bool:
    """Return whether this is a receipt: read, deleted, displayed (RFC 8098)."""
    kinds = {content_type(part) for part in parts_of(message)}
    labelled = parameter(message, "report-type") == "disposition-notification"
    return labelled or not kinds.isdisjoint(
        {"message/disposition-notification", "message/global-disposition-notification"}
    )


def is_challenge(message: Message) -> bool:
    """Return whether somebody's filter wants its sender to prove that he is a person."""
    if any(header(message, name) for name in _CHALLENGE_HEADERS):
        return True
    asks = CHALLENGE_SUBJECT.search(header(message, "Subject")) is not None
    return asks and CHALLENGE_ASKS.search(body_text(message)) is not None
