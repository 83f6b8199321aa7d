"""Blocks of header-like fields, as delivery and feedback reports hold them (RFC 3464 section 2.1, RFC 5965)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

Fields: TypeAlias = Mapping[str, str]
"""Names in lower case; of a name that stands twice the first value, of one in `REPEATED` all of them."""

REPEATED = frozenset({"original-rcpt-to"})
"""RFC 5965 section 3.2: as often as the mail had recipients."""

MOST_BLOCKS = 200
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60})[ \t]*:[ \t]*(.*)")
_ANY_ADDRESS = re.compile(
    r"(?<![^\s<>()\[\];:,\"'=])([^\s<>()\[\];:,\"'@=]{1,128}@(?:[^\s<>()\[\];:,\"'@=]{1,250}))", re.UNICODE
)
_UTF8_ESCAPE = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")


def blocks_of(text: str) -> Iterator[Fields]:
    """Yield the blocks of a text, empty ones left out."""
    count = 0
    for block in re.split(r"\n[ \t]*\n", text):
        fields = _fields(block)
        if fields:
            count += 1
            yield fields
        if count >= MOST_BLOCKS:
            return


def typed_value(value: str) -> tuple[str, str]:
    """Return the type and the value of a field like `rfc822; a@b`; the type is empty if none stands there."""
    type_, semicolon, rest = value.partition(";")
    if not semicolon or not re.fullmatch(r"\s*[A-Za-z0-9-]{1,30}\s*", type_):
        return "", value.strip()
    return type_.strip().lower(), rest.strip()


def address_in(value: str) -> str:
    """Return the address a field holds, without its type and brackets; empty if there is none.

    RFC 6533 section 3: letters outside ASCII may be written `\\x{E9}`.
    """
    type_, text = typed_value(value)
    if type_ in {"utf-8", "rfc822"}:
        text = _UTF8_ESCAPE.sub(_letter, text)
    return next(addresses_in(text), "")


def addresses_in(text: str) -> Iterator[str]:
    """Yield what looks like an address, in order."""
    return (address for address, _ in placed_addresses(text))


def placed_addresses(text: str) -> Iterator[tuple[str, int]]:
    """Yield what looks like an address with its place in the text, in order."""
    for found in _ANY_ADDRESS.finditer(text[:100_000]):
        yield found[1].strip(".").rstrip("!?"), found.start(1)


def _letter(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code <= 0xDFFF else found[0]


def _fields(block: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in block.split("\n")[:500]:
        if line[:1] in {" ", "\t"} and name:
            fields[name] = f"{fields[name]} {line.strip()}"[:4_000]
            continue
        found = _FIELD.match(line.rstrip())
        name = found[1].lower() if found else ""
        if found and name in fields:
            if name in REPEATED:
                fields[name] = f"{fields[name]}, {found[2]}"[:4_000]
            name = ""
        elif found:
            fields[name] = found[2][:4_000]
    return fields
