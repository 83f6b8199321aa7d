"""From stored bytes to what people and tests want to read; done only when somebody asks."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from relance.devstack.mailbox.models import Accepted, CaughtMail, Summary
from relance.devstack.mailbox.store import MailboxEntry, MailboxStore

HEAD_BYTES = 16_384
_PARSER = BytesParser(policy=policy.default)


def accepted(entry: MailboxEntry) -> Accepted:
    """Return an entry as a line of the log."""
    return Accepted.model_validate({**_fields(entry)})


def summary(store: MailboxStore, entry: MailboxEntry) -> Summary:
    """Return an entry with its subject."""
    head = _PARSER.parsebytes(store.raw(entry, HEAD_BYTES), headersonly=True)
    return Summary.model_validate({**_fields(entry), "subject": str(head.get("Subject", ""))})


def mail(store: MailboxStore, entry: MailboxEntry) -> CaughtMail:
    """Return an entry with its headers and bodies."""
    parsed = _PARSER.parsebytes(store.raw(entry))
    return CaughtMail.model_validate(
        {
            **_fields(entry),
            "subject": str(parsed.get("Subject", "")),
            "headers": [(name, str(value)) for name, value in parsed.items()],
            "text": _body(parsed, "plain"),
            "html": _body(parsed, "html"),
        }
    )


def _fields(entry: MailboxEntry) -> dict[str, object]:
    return {
        "n": entry.n,
        "time": entry.time,
        "connection": entry.connection,
        "message_id": entry.message_id,
        "from": entry.sender,
        "to": entry.to,
        "size": entry.size,
    }


def _body(parsed: EmailMessage, kind: str) -> str | None:
    part = parsed.get_body((kind,))
    if part is None:
        return None
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return None
    try:
        return payload.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return payload.decode("utf-8", "replace")
