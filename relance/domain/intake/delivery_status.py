"""Delivery reports by the book: `message/delivery-status` (RFC 3464) and its UTF-8 form (RFC 6533)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message

from relance.domain.intake.fields import Fields, address_in, blocks_of, typed_value
from relance.domain.intake.model import RecipientReport, ReportAction
from relance.domain.intake.parts import content_type, parts_of, text_of

STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_PER_RECIPIENT = ("final-recipient", "original-recipient", "action", "status", "diagnostic-code")


def status_reports(message: Message) -> list[RecipientReport]:
    """Return what the status parts of a message say, a report per recipient; none if it has no such part.

    Some systems call the part `text/plain`, or put its fields into the text: the fields count, not the label.
    """
    parts = list(parts_of(message))
    labelled = [part for part in parts if content_type(part) in STATUS_TYPES]
    texts = [text_of(part) for part in labelled] or [
        text for part in parts if content_type(part).startswith("text/") and _names_recipients(text := text_of(part))
    ]
    return [report for text in texts for report in _reports(text)]


def has_status_part(message: Message) -> bool:
    """Return whether a part is labelled as a delivery status."""
    return any(content_type(part) in STATUS_TYPES for part in parts_of(message))


def envelope_ids(message: Message) -> list[str]:
    """Return the envelope ids of the status parts: what the sender had named his mail by (RFC 3464 section 2.2.1)."""
    texts = [text_of(part) for part in parts_of(message) if content_type(part) in STATUS_TYPES]
    return [id_ for text in texts for fields in blocks_of(text) if (id_ := fields.get("original-envelope-id", ""))]


def _names_recipients(text: str) -> bool:
    found = re.search(r"^(?:Final|Original)-Recipient[ \t]*:", text, re.MULTILINE | re.IGNORECASE)
    return found is not None and re.search(r"^(?:Action|Status)[ \t]*:", text, re.MULTILINE | re.IGNORECASE) is not None


def _reports(text: str) -> Iterator[RecipientReport]:
    for fields in blocks_of(text):
        if any(fields.get(name) for name in _PER_RECIPIENT) and (action := _action(fields)) is not None:
            yield RecipientReport(
                action=action,
                final=address_in(fields.get("final-recipient", "")),
                original=_original(fields),
                status=_status(fields),
                diagnostic=typed_value(fields.get("diagnostic-code", ""))[1],
            )


def _original(fields: Fields) -> str:
    # Exchange and Lotus Notes have a field of their own.
    return address_in(fields.get("original-recipient", "")) or address_in(fields.get("x-actual-recipient", ""))


def _status(fields: Fields) -> str:
    found = _STATUS.search(fields.get("status", "")) or _STATUS.search(fields.get("diagnostic-code", ""))
    return found[0] if found else ""


def _action(fields: Fields) -> ReportAction | None:
    named = re.match(r"[a-z]+", fields.get("action", "").strip().lower())
    if named and named[0] in set(ReportAction):
        return ReportAction(named[0])
    # Missing or misspelt: the class of the status says as much.
    status = _status(fields)
    by_class = {"5": ReportAction.FAILED, "4": ReportAction.DELAYED, "2": ReportAction.DELIVERED}
    return by_class.get(status[:1])
