"""Clues to the mail of ours that a message is about: addresses it came to, returned headers, links (SPEC G3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from email.message import Message

from relance.domain.intake.fields import Fields, addresses_in, blocks_of
from relance.domain.intake.model import Clues, DoorNames, MessageEnvelope
from relance.domain.intake.parts import content_type, decoded, headers, parts_of, text_of

RETURNED_TYPES = frozenset(
    {
        "message/rfc822",
        "message/global",
        "text/rfc822-headers",
        "message/rfc822-headers",
        "message/global-headers",
        "message/partial",
    }
)
CAME_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc")
_EXTENSION = r"[A-Za-z0-9_.-]{8,60}"
_MESSAGE_ID = re.compile(r"<[^<>\s]{3,300}@[^<>\s]{1,255}>")
_LINK_TOKEN = re.compile(
    # Sealed, or of earlier versions: the id and its signature.
    r"(?<![A-Za-z0-9_-])(v2\.[A-Za-z0-9_-]{24,400}|v1\.[A-Za-z0-9_-]{4,300}\.[A-Za-z0-9_-]{20,100})(?![A-Za-z0-9_-])"
)
_RETURN_PATHS = ("return-path", "x-original-mail-from", "errors-to")


def addresses_came_to(message: Message, envelope: MessageEnvelope) -> tuple[str, ...]:
    """Return the addresses a message was sent to: those of the envelope, else those of its headers."""
    if envelope.recipients:
        return envelope.recipients
    return tuple(
        dict.fromkeys(
            address for name in CAME_TO for value in headers(message, name) for address in addresses_in(value)
        )
    )


def returned_headers(message: Message, explanation_tail: str) -> Fields:
    """Return the headers of the mail that came back, from its part or from the text it follows in."""
    for part in parts_of(message):
        if content_type(part) in RETURNED_TYPES:
            found = next(blocks_of(text_of(part)), None)
            if found:
                return found
    for block in blocks_of(explanation_tail):
        if "message-id" in block or "return-path" in block:
            return block
    return {}


def clues_of(
    came_to: Sequence[str], returned: Fields, extra: Iterable[str], names: DoorNames, envelope_ids: Iterable[str] = ()
) -> Clues:
    """Return the clues; `extra` are further addresses and texts that may hold a token."""
    texts = tuple(extra)
    return_paths = [address for name in _RETURN_PATHS for address in addresses_in(returned.get(name, ""))]
    addresses = [*came_to, *return_paths, *(address for text in texts for address in addresses_in(text))]
    links = [returned.get("list-unsubscribe", ""), *texts]
    return Clues(
        bounce_tokens=_unique([*_extensions(addresses, names.bounce), *envelope_ids]),
        unsubscribe_tokens=_unique(_extensions(came_to, names.unsubscribe)),
        link_tokens=_unique(found[1] for text in links for found in _LINK_TOKEN.finditer(text)),
        message_ids=_unique(found[0] for found in _MESSAGE_ID.finditer(returned.get("message-id", ""))),
        returned_to=_unique(
            address for name in ("to", "x-original-to") for address in addresses_in(decoded(returned.get(name, "")))
        ),
    )


def comes_to(addresses: Iterable[str], names: Sequence[str]) -> bool:
    """Return whether one of these addresses is the door of these names, with or without a token."""
    return any(re.match(rf"(?:{_any(names)})(?:\+[^@]*)?@", address, re.IGNORECASE) for address in addresses)


def _extensions(addresses: Iterable[str], names: Sequence[str]) -> Iterator[str]:
    # Some relays write "+" as "=2B" or "%2B" when they quote an address.
    pattern = re.compile(rf"(?:{_any(names)})(?:\+|=2b|%2b)({_EXTENSION})@", re.IGNORECASE)
    for address in addresses:
        found = pattern.match(address)
        if found:
            yield found[1]


def _any(names: Sequence[str]) -> str:
    return "|".join(re.escape(name) for name in names)


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))[:10]
