"""A message to people, independent of the channel that carries it (SPEC A4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from relance.domain.failures import Severity

ROWS_SHOWN = 10
SENDER = "🤖 Agent"

_KEY = re.compile("[\x21-\x7e]{1,255}")
_MORE = {"en": "… and {count} more", "fr": "… et {count} de plus"}
_DETAILS = {"en": "Answer in the console", "fr": "Répondre dans la console"}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message; `url` is where people without an e-mail can see it, if there is such a place."""

    filename: str
    content_type: str
    content: bytes
    url: str | None = None


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message to people; in memory only, without personal data.

    `key` is the deduplication key, printable ASCII: a receiver that gets it twice may drop the second copy. `title` and
    `text` are shown as they are, `rows` as a list of which chats show the first ten. `offer` closes the message ("Would
    you like me to provide more details?"), `details_url` is where it leads. `at` is in the zone whose clock is to be
    shown. `language` is `en` or `fr`. `about` are the keys of the alerts it is about; `author` is who wrote it in the
    chat and `via` where, both empty for what we write.
    """

    key: str
    severity: Severity
    title: str
    text: str
    at: datetime
    language: str
    rows: tuple[str, ...] = ()
    offer: str = ""
    details_url: str | None = None
    attachments: tuple[Attachment, ...] = ()
    about: tuple[str, ...] = ()
    author: str = ""
    via: str = ""

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise ValueError("a message's key must be 1 to 255 printable ASCII characters: it travels in headers")


def heading(message: OutgoingMessage) -> str:
    """Return the line that says when and who: `[09:00 AM] 🤖 Agent:`."""
    return f"[{clock_time(message.at, message.language)}] {message.author or SENDER}:"


def clock_time(at: datetime, language: str) -> str:
    """Return a time of day as people write it: `09:00 AM`, `09:00`."""
    return f"{at:%H:%M}" if language == "fr" else f"{at:%I:%M %p}"


def listed(message: OutgoingMessage, most: int = ROWS_SHOWN) -> list[str]:
    """Return the first rows, then how many there are besides."""
    lines = list(message.rows[:most])
    beyond = len(message.rows) - len(lines)
    return [*lines, _MORE[message.language].format(count=beyond)] if beyond else lines


def shown_rows(message: OutgoingMessage, most: int = ROWS_SHOWN) -> list[str]:
    """Return the lines of the list with their bullets."""
    return [line if number == most else f"• {line}" for number, line in enumerate(listed(message, most))]


def links(message: OutgoingMessage) -> list[tuple[str, str]]:
    """Return (name, address) of the details and of each attachment that can be seen somewhere."""
    found = [(_DETAILS[message.language], message.details_url)] if message.details_url else []
    return found + [(attachment.filename, attachment.url) for attachment in message.attachments if attachment.url]


def plain_text(message: OutgoingMessage, most: int = ROWS_SHOWN) -> str:
    """Return the whole message as plain text, with at most so many rows."""
    body = "\n".join(filter(None, [message.text, *shown_rows(message, most)]))
    end = "\n".join(filter(None, [message.offer, *(f"{name}: {url}" for name, url in links(message))]))
    return "\n\n".join(filter(None, [heading(message), message.title, body])) + (f"\n{end}" if end else "")
