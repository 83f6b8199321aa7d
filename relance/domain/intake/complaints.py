"""Feedback loops: reports of mailbox providers that somebody called a mail spam (RFC 5965), also redacted ones.

Outlook.com's JMRP sends the mail as an attachment with the recipient in a header of its own, without the fields.
"""

from __future__ import annotations

import re
from email.message import Message

from relance.domain.intake.fields import Fields, address_in, addresses_in, blocks_of
from relance.domain.intake.parts import content_type, header, parameter, parts_of, text_of

COMPLAINT_TYPES = frozenset({"abuse", "fraud", "virus", "other", "opt-out", "miscategorized"})
"""Feedback after which nothing more is sent; `not-spam` and `auth-failure` (RFC 6591) complain about nobody's mail."""

_REDACTED = re.compile(r"redact|x{4,}|\*{2,}|removed|anonym|hidden|[0-9a-f]{32,}", re.IGNORECASE)


def feedback_fields(message: Message) -> Fields | None:
    """Return the fields of a feedback report; None if a message is none."""
    for part in parts_of(message):
        if content_type(part) == "message/feedback-report":
            return next(blocks_of(text_of(part)), {})
    if parameter(message, "report-type") == "feedback-report":
        # The label of the part is wrong or cut off; its fields may stand in a text.
        texts = (text_of(part) for part in parts_of(message) if content_type(part).startswith("text/"))
        return next((block for text in texts for block in blocks_of(text) if "feedback-type" in block), {})
    if (recipient := header(message, "X-HmXmrOriginalRecipient")) and _is_jmrp(message):
        return {"feedback-type": "abuse", "original-rcpt-to": recipient}
    return None


def complained_recipients(fields: Fields) -> list[str]:
    """Return the addresses the complaint names, without those that were redacted."""
    named = [*addresses_in(fields.get("original-rcpt-to", ""))] or [address_in(fields.get("removal-recipient", ""))]
    return [address for address in named if address and not is_redacted(address)]


def is_redacted(address: str) -> bool:
    """Return whether an address was made unrecognisable (RFC 6590)."""
    return _REDACTED.search(address) is not None


def _is_jmrp(message: Message) -> bool:
    return any(content_type(part) == "message/rfc822" for part in parts_of(message))
