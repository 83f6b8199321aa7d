"""Bytes from anywhere as a message of the standard library, in bounded time; and what makes two copies the same.

The parser of the standard library recurses into nested parts and compares every line with every open boundary; so a
message is cut, and one with more boundaries than any report has is not taken apart.
"""

from __future__ import annotations

import codecs
import email
import re
from collections.abc import Iterator
from email.message import Message
from email.policy import compat32

READ_BYTES = 512 * 1024
"""A report comes before the mail it returns, so that its beginning says everything."""

MOST_BOUNDARIES = 60
_BOUNDARY = re.compile(rb"boundary", re.IGNORECASE)

_NO_CHARSETS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined", ""})
"""Codecs of Python that are no charset of mail; the time of the first grows with the square of the length.

Of what is no codec at all some names make the parser raise.
"""

# Added by relays that pass a message on; a second copy of the same report differs in nothing else.
_TRACE = re.compile(
    rb"(?:received|return-path|delivered-to|x-original-to|x-envelope-to|envelope-to|x-received)\s*:", re.I
)


def parse_message(raw: bytes) -> Message | None:
    """Return a message, or None if it cannot be taken apart."""
    head = raw[:READ_BYTES]
    # "From " lines of an mbox are no header.
    head = re.sub(rb"\A(?:\r?\n)*(?:>?From [^\r\n]*\r?\n)?", b"", head, count=1)
    if len(_BOUNDARY.findall(head)) > MOST_BOUNDARIES:
        return None
    try:
        message = email.message_from_bytes(head, policy=compat32)
        _without_codecs(message)
    except Exception:  # noqa: BLE001 - whatever a foreign message does to the parser, it is that message's fault
        return None
    return message


def _without_codecs(message: Message) -> None:
    waiting = [message]
    while waiting:
        part = waiting.pop()
        payload = part.get_payload() if part.is_multipart() else []
        waiting += [inner for inner in payload if isinstance(inner, Message)]
        # Of a name that is not ASCII `get_content_charset` knows nothing, and the parser uses it.
        named = part.get_param("charset")
        charset = part.get_content_charset() if isinstance(named, tuple) else named
        if _codec(charset) in _NO_CHARSETS:
            report = part.get_param("report-type")
            kind, kept = part.get_content_type(), {"report-type": report} if isinstance(report, str) else {}
            del part["Content-Type"]
            # The other parameters have done their work, or the parser cannot write them.
            part.add_header("Content-Type", kind, charset="utf-8", **kept)


def _codec(charset: str | None) -> str:
    if charset is None:
        return "us-ascii"
    try:
        return codecs.lookup(charset).name
    except (LookupError, ValueError):
        return ""


def stable_bytes(raw: bytes) -> bytes:
    """Return what of a message stays the same wherever it passes: without trace headers, with LF line ends."""
    text = raw.replace(b"\r\n", b"\n").lstrip(b"\n")
    head, gap, body = text.partition(b"\n\n")
    return b"\n".join(_without_trace(head.split(b"\n"))) + gap + body.rstrip(b"\n")


def _without_trace(lines: list[bytes]) -> Iterator[bytes]:
    tracing = False
    for number, line in enumerate(lines):
        if number == 0 and line.startswith(b"From "):
            continue
        if line[:1] not in {b" ", b"\t"}:
            tracing = _TRACE.match(line) is not None
        if not tracing:
            yield line
