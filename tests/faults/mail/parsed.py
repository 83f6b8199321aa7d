"""A mail as the standard library reads it, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from email import message_from_string
from email.errors import NonASCIILocalPartDefect
from email.message import EmailMessage
from email.policy import default

from tests.faults.mail.poison_input import CALCULATED, VICTIM

LONGEST_LINE, MOST_BYTES, LONGEST_HEADER = 998, 100_000, 1000
SENDER = "bonjour@form-a-friend.example"
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")


def header_names(raw: bytes) -> list[str]:
    """Return the names of a mail's headers, in order."""
    return [name.lower() for name, _ in _parsed(raw).items()]


def findings(raw: bytes, envelope: str, names: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong with a mail to this address that must have exactly these headers."""
    message = _parsed(raw)
    if (found := header_names(raw)) != list(names):
        yield f"its headers are {', '.join(found)}"
        return
    if _BARE.search(raw):
        yield "a line does not end in CRLF"
    if max(map(len, raw.split(b"\r\n"))) > LONGEST_LINE or len(raw) > MOST_BYTES:
        yield "it is too long"
    defects = [*message.defects, *(defect for name in names for defect in message[name].defects)]
    # An address outside ASCII goes out by SMTPUTF8, and its mail is one of RFC 6532: UTF-8 in the headers, too.
    if any(envelope.isascii() or not isinstance(defect, NonASCIILocalPartDefect) for defect in defects):
        yield "the standard library finds defects"
    for name, expected in (("to", envelope), ("from", SENDER)):
        addresses = [one.addr_spec for one in message[name].addresses]
        if addresses != [expected]:
            yield f"its {name} has {len(addresses)} addresses, or another one"
    if any(_UNFIT.search(str(message[name])) or len(str(message[name])) > LONGEST_HEADER for name in names):
        yield "a header shows controls, reorders text, or has no end"
    yield from _of_bodies(message)


def _of_bodies(message: EmailMessage) -> Iterator[str]:
    parts = [part for part in message.walk() if not part.is_multipart()]
    if [part.get_content_type() for part in parts] != ["text/plain", "text/html"]:
        yield "its parts are not a text and its HTML"
        return
    text, html = (part.get_content() for part in parts)
    if CALCULATED in text or CALCULATED in html or CALCULATED in str(message["subject"]):
        yield "code in a name was run"
    if re.search(r"<script|<img src=x", html):
        yield "markup in a name is markup"
    if f"RCPT TO:<{VICTIM}>" in text.splitlines():
        yield "a name begins a line of its own"


def _parsed(raw: bytes) -> EmailMessage:
    return message_from_string(raw.decode(), policy=default)
