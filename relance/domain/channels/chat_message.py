"""A message of the in-app chat inbox, as it is stored in `chatMessages` (SPEC section 2)."""

from __future__ import annotations

from pydantic import Field

from relance.domain.base import Document, Utc
from relance.domain.channels.messages import OutgoingMessage, plain_text
from relance.domain.failures import Severity


class StoredAttachment(Document):
    """A file of a stored message; its content is read separately."""

    filename: str
    content_type: str


class ChatMessage(Document):
    """One message; `key` is its deduplication key, `number` counts up from 1 in the order of storing.

    `about` are the keys of the alerts it is about; `author` is the person who wrote it, empty for what we write.
    """

    key: str = Field(alias="_id")
    number: int
    severity: Severity
    at: Utc
    language: str
    title: str
    text: str
    rows: tuple[str, ...] = ()
    offer: str = ""
    details_url: str | None = None
    plain: str
    attachments: tuple[StoredAttachment, ...] = ()
    about: tuple[str, ...] = ()
    author: str = ""
    via: str = ""


def stored(message: OutgoingMessage, number: int) -> ChatMessage:
    """Return a message as it is stored; `plain` keeps how it read in the zone of its time."""
    return ChatMessage(
        key=message.key,
        number=number,
        severity=message.severity,
        at=message.at,
        language=message.language,
        title=message.title,
        text=message.text,
        rows=message.rows,
        offer=message.offer,
        details_url=message.details_url,
        plain=plain_text(message),
        attachments=tuple(
            StoredAttachment(filename=attachment.filename, content_type=attachment.content_type)
            for attachment in message.attachments
        ),
        about=message.about,
        author=message.author,
        via=message.via,
    )
