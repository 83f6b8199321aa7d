"""The parts of a message and their text, whatever they are encoded with; nothing here raises."""

from __future__ import annotations

import base64
import binascii
import html
import quopri
import re
from collections.abc import Iterator
from contextlib import suppress
from email.header import decode_header
from email.message import Message

LONGEST_HEADER = 4_000
LONGEST_TEXT = 100_000
MOST_PARTS = 60
MOST_ALIKE = 20
MOST_DEPTH = 3

_NEITHER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BLANKS = re.compile(r"[ \t]*\r?\n[ \t]+")
_TAG = re.compile(r"<(?:br|/p|/div|/tr|/h\d|/li)\b[^<>]{0,500}>|<[a-z/!][^<>]{0,2000}>", re.IGNORECASE)
_UNSEEN = re.compile(r"<(style|script|head)\b", re.IGNORECASE)
_BLOCKS = frozenset({"br", "/p", "/d", "/t", "/h", "/l"})
_WIDE = re.compile(r"utf-?_?(?:16|32)|ucs-?[24]|iso-10646", re.IGNORECASE)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


def header(message: Message, name: str) -> str:
    """Return the first header of this name as one line of text; empty if there is none."""
    return next(headers(message, name), "")


def headers(message: Message, name: str) -> Iterator[str]:
    """Yield the headers of this name as lines of text."""
    wanted, found = name.lower(), 0
    # The raw ones: of bytes outside ASCII the others leave question marks.
    for key, value in message.raw_items():
        if key.lower() == wanted and found < MOST_ALIKE:
            found += 1
            yield decoded(_unescaped(value))


def decoded(value: str) -> str:
    """Return a header's value with its encoded words decoded (RFC 2047), on one line."""
    line = _BLANKS.sub(" ", value[:LONGEST_HEADER])
    if "=?" in line:
        # A broken encoded word is shown as it is.
        with suppress(Exception):
            line = "".join(_text(raw, charset or "ascii") for raw, charset in decode_header(line))
    return _NEITHER.sub(" ", line.replace("\r", " ").replace("\n", " ")).strip()


def content_type(message: Message) -> str:
    """Return the type of a part, lower case."""
    try:
        return message.get_content_type()
    except Exception:  # noqa: BLE001 - the parser stumbles over some parameters
        return "text/plain"


def parameter(message: Message, name: str) -> str:
    """Return a parameter of the content type, lower case; empty if there is none."""
    try:
        value = message.get_param(name, "")
    except Exception:  # noqa: BLE001 - as above
        return ""
    return (value if isinstance(value, str) else str(value[-1])).lower()


def parts_of(message: Message) -> Iterator[Message]:
    """Yield the parts that are no containers, in order; what a returned mail holds is part of that mail."""
    waiting, seen = [message], 0
    while waiting and seen < MOST_PARTS:
        part = waiting.pop(0)
        seen += 1
        payload = part.get_payload()
        if content_type(part).startswith("multipart/") and isinstance(payload, list):
            waiting[:0] = [inner for inner in payload if isinstance(inner, Message)]
        else:
            yield part


def text_of(part: Message) -> str:
    """Return the text of a part: that of `message/*` as it was written, headers first; HTML without its tags."""
    raw = _written(part)
    if part.is_multipart():
        # RFC 3464 and RFC 5965 want these parts in clear; the parser leaves it to us where they are not.
        encoding = header(part, "Content-Transfer-Encoding").lower()
        raw = _from_base64(raw) if encoding == "base64" else raw
        raw = quopri.decodestring(raw) if encoding == "quoted-printable" else raw
    charset = parameter(part, "charset") or "utf-8"
    text = _text(raw[: 4 * LONGEST_TEXT], charset)[:LONGEST_TEXT].replace("\r\n", "\n").replace("\r", "\n")
    return without_tags(text) if content_type(part) == "text/html" else text


def encodable(text: str) -> str:
    """Return a text with a question mark for each half of a surrogate pair, which no digest and no database takes.

    UTF-7 and JSON can hold one by itself.
    """
    return text.encode("utf-8", "replace").decode()


def without_tags(text: str) -> str:
    """Return the text of an HTML page, roughly: a line per block."""
    return html.unescape(_TAG.sub(lambda tag: "\n" if tag[0][1:3].lower() in _BLOCKS else " ", _seen(text)))


def _seen(text: str) -> str:
    # A pattern for all of it would look for each end anew.
    lower, pieces, place = text.lower(), list[str](), 0
    while (begun := _UNSEEN.search(lower, place)) and (end := lower.find(f"</{begun[1]}", begun.end())) >= 0:
        pieces.append(text[place : begun.start()])
        place = end
    return "".join((*pieces, text[place:]))


def body_text(message: Message) -> str:
    """Return what a person reads first: the first text, plain rather than HTML."""
    texts = [part for part in parts_of(message) if content_type(part) in {"text/plain", "text/html"}]
    plain = next((part for part in texts if content_type(part) == "text/plain"), None)
    chosen = plain if plain is not None else next(iter(texts), None)
    return text_of(chosen) if chosen is not None else ""


def _written(part: Message, depth: int = 0) -> bytes:
    payload = part.get_payload()
    if not isinstance(payload, list):
        return _decoded_payload(part)
    if depth > MOST_DEPTH:
        return b""
    blocks = []
    for inner in payload[:MOST_PARTS]:
        if isinstance(inner, Message):
            lines = "".join(f"{name}: {value}\n" for name, value in inner.raw_items())
            blocks.append(lines.encode("utf-8", "surrogateescape") + b"\n" + _written(inner, depth + 1))
    return b"\n".join(blocks)


def _decoded_payload(part: Message) -> bytes:
    try:
        raw = part.get_payload(decode=True)
    except Exception:  # noqa: BLE001 - a transfer encoding that is none
        return b""
    return raw if isinstance(raw, bytes) else b""


def _from_base64(raw: bytes) -> bytes:
    # Junk between, a cut end: whatever can be read is read.
    clean = _NOT_BASE64.sub(b"", raw.split(b"=", 1)[0])
    cut = clean[: len(clean) - 1] if len(clean) % 4 == 1 else clean
    try:
        return base64.b64decode(cut + b"=" * (-len(cut) % 4))
    except (binascii.Error, ValueError):
        return b""


def _unescaped(value: object) -> str:
    """Return a header's raw value, its bytes outside ASCII read as UTF-8 or else as Latin-1."""
    text = str(value)
    return text if text.isascii() else _text(text.encode("utf-8", "surrogateescape"), "utf-8")


def _text(raw: bytes | str, charset: str) -> str:
    if isinstance(raw, str):
        return raw
    for name in (charset, "utf-8", "latin-1"):
        if _WIDE.match(name) and b"\0" not in raw:
            # A wrong label: in these each line break has a zero. Decoded, every letter would be another one.
            continue
        try:
            return encodable(raw.decode(name))
        except (UnicodeError, LookupError, ValueError):
            continue
    return raw.decode("latin-1")
