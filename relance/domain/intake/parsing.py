"""Bytes from anywhere as a message of the standard library, in bounded time; and what makes two copies the same.

The parser of the standard library recurses into nested parts and compares every line with every open boundary; so a
message is cut, and one with more boundaries than any report has is not taken apart.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from email.message import Message
from email.policy import compat32

READ_BYTES = 512 * 1024
"""A report comes before the mail it returns, so that its beginning says everything."""

MOST_BOUNDARIES = 60
_BOUNDARY = re.compile(rb"boundary", re.IGNORECASE)

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
        return email.message_from_bytes(head, policy=compat32)
    except Exception:  # noqa: BLE001 - whatever a foreign message does to the parser, it is that message's fault
        return None


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
