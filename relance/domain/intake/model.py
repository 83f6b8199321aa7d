"""What reading a message yields: its kind, the recipients it reports on, and the clues to the mail it is about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MessageKind(StrEnum):
    """What a message is."""

    DELIVERY_REPORT = "delivery_report"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    AUTOMATIC = "automatic"
    CHALLENGE = "challenge"
    OTHER = "other"
    UNREADABLE = "unreadable"


class ReportAction(StrEnum):
    """What became of a mail for one recipient (RFC 3464 section 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True)
class RecipientReport:
    """What a report says of one recipient.

    `final` is the address that was tried last, `original` the one the sender had named; either may be empty. `status`
    is an enhanced status (RFC 3463) or empty; `diagnostic` the words of the server that refused.
    """

    action: ReportAction
    final: str = ""
    original: str = ""
    status: str = ""
    diagnostic: str = ""


@dataclass(frozen=True, slots=True)
class Clues:
    """What may name the mail of ours that a message is about, strongest first; nothing of it is verified here.

    `bounce_tokens` come from addresses `bounce+TOKEN@...`, `link_tokens` from links to unsubscribe and from subjects,
    `message_ids` from the returned headers. `returned_to` are the addresses the returned mail was written to.
    """

    bounce_tokens: tuple[str, ...] = ()
    unsubscribe_tokens: tuple[str, ...] = ()
    link_tokens: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    returned_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MailReading:
    """What a message is. `feedback` is the type of a feedback report (RFC 5965 section 3.1), lower case."""

    kind: MessageKind
    clues: Clues = Clues()
    reports: tuple[RecipientReport, ...] = ()
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class MessageEnvelope:
    """The SMTP envelope of a message; `sender` is empty for `<>`, None if it is not known."""

    sender: str | None = None
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DoorNames:
    """The local parts that mail comes back to, in front of `+TOKEN`; several names of one purpose are equal."""

    bounce: tuple[str, ...] = ("bounce",)
    unsubscribe: tuple[str, ...] = ("unsubscribe", "unsub")
