"""A template compiled to the bytes of a message, with slots for what differs from mail to mail.

Everything fixed is encoded once. A slot in a body stands between two soft line breaks (RFC 2045 6.7), so that whatever
fills it can neither lengthen a neighbouring line nor be lengthened by it.
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from collections.abc import Iterable

_SLOT = re.compile("\ue000([a-z_]+)\ue001")


def slot(name: str) -> str:
    """Return the mark that stands for a slot while a template is rendered."""
    return f"\ue000{name}\ue001"


def fill_slots(text: str, values: dict[str, str]) -> str:
    """Return a text with its slots filled, before any encoding."""
    return _SLOT.sub(lambda found: values[found[1]], text)


def body(kind: str, text: str) -> bytes:
    """Return a body in quoted-printable as a `%` format; its slots are named `kind_name`."""
    parts = _SLOT.split(text)
    pieces = [_literal(quoted(part)) if part else b"" for part in parts[::2]]
    marks = [f"=\r\n%({kind}_{name})b=\r\n".encode() for name in parts[1::2]]
    return b"".join(piece for pair in zip(pieces, [*marks, b""], strict=True) for piece in pair)


def message(headers: Iterable[tuple[str, bytes]], boundary: str, parts: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a whole message as a `%` format; headers and parts are formats already."""
    lines = [f"{name}: ".encode() + value for name, value in headers]
    lines += [b"MIME-Version: 1.0", f'Content-Type: multipart/alternative; boundary="{boundary}"'.encode(), b""]
    for content_type, encoded in parts:
        lines += [
            f"--{boundary}".encode(),
            f"Content-Type: {content_type}; charset=utf-8".encode(),
            b"Content-Transfer-Encoding: quoted-printable",
            b"",
            encoded,
        ]
    return b"\r\n".join([*lines, f"--{boundary}--".encode(), b""])


def quoted(text: str) -> bytes:
    """Return text in quoted-printable with CRLF, all lines at most 76 characters even when a soft break is added."""
    # The last line may be 76 characters long; the x keeps the place of the soft break that follows it.
    return b2a_qp(f"{text}x".encode())[:-1].replace(b"\n", b"\r\n")


def _literal(encoded: bytes) -> bytes:
    return encoded.replace(b"%", b"%%")
