"""A template compiled to the bytes of a message, with slots for what differs from mail to mail.

Everything fixed is encoded once. A slot in a body stands between two soft line breaks (RFC 2045 6.7), so that whatever
fills it can neither lengthen a neighbouring line nor be lengthened by it.
"""

from __future__ import annotations

from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Iterable

from relance.domain.mail_templates.slots import MARKED


def fill_slots(text: str, values: dict[str, str]) -> str:
    """Return a text with its slots filled, before any encoding."""
    return MARKED.sub(lambda found: values[found[1]], text)


def body(kind: str, text: str) -> bytes:
    """Return a body in quoted-printable as a `%` format; its slots are named `kind_name`."""
    parts = MARKED.split(text)
    pieces = [_literal(quoted(part)) if part else b"" for part in parts[::2]]
    marks = [f"=\r\n%({kind}_{name})b=\r\n".encode() for name in parts[1::2]]
    return b"".join(piece for pair in zip(pieces, [*marks, b""], strict=True) for piece in pair)


def text_part(subtype: str, encoded: bytes) -> bytes:
    """Return a body with the headers of its part."""
    lines = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return lines.encode() + encoded


def picture_part(content_type: str, content_id: str, content: bytes) -> bytes:
    """Return a picture that the HTML beside it shows by its id."""
    lines = [
        f"Content-Type: {content_type}",
        "Content-Transfer-Encoding: base64",
        f"Content-ID: <{content_id}>",
        "Content-Disposition: inline",
        "",
        encodebytes(content).decode().rstrip("\n").replace("\n", "\r\n"),
    ]
    return "\r\n".join(lines).encode()


def multipart(subtype: str, boundary: str, parts: Iterable[bytes]) -> bytes:
    """Return parts, which are formats already, as one."""
    lines = [f'Content-Type: multipart/{subtype}; boundary="{boundary}"'.encode(), b""]
    for part in parts:
        lines += [f"--{boundary}".encode(), part]
    return b"\r\n".join([*lines, f"--{boundary}--".encode(), b""])


def message(headers: Iterable[tuple[str, bytes]], body: bytes) -> bytes:
    """Return a whole message as a `%` format; headers and body are formats already."""
    return b"\r\n".join([*(f"{name}: ".encode() + value for name, value in headers), b"MIME-Version: 1.0", body])


def quoted(text: str) -> bytes:
    """Return text in quoted-printable with CRLF, all lines at most 76 characters even when a soft break is added."""
    # The last line may be 76 characters long; the x keeps the place of the soft break that follows it.
    return b2a_qp(f"{text}x".encode())[:-1].replace(b"\n", b"\r\n")


def _literal(encoded: bytes) -> bytes:
    return encoded.replace(b"%", b"%%")
