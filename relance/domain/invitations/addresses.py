"""Mail addresses: whether an address is valid, and when two addresses are the same."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from email_validator import EmailNotValidError, validate_email
from email_validator.types import ValidatedEmail

_LONGEST = 254
"""Characters in an address at most (RFC 5321 4.5.3.1.3, erratum 1690)."""


class _Parts(NamedTuple):
    local: str
    domain: str


def valid_address(text: str) -> bool:
    """Return whether this is one bare address that mail can be sent to.

    Display names, comments, quoted local parts, address literals, control characters and surrounding white space are
    refused. Reserved test domains (RFC 2606) are accepted; no DNS is asked. Outside ASCII the domain is valid
    (`normalise` gives the envelope's form) and so is the local part, the relay must then offer SMTPUTF8.
    """
    return _parts(text) is not None


def normalise(text: str) -> str:
    """Return the form in which an address goes into the envelope.

    NFC, without surrounding white space, the domain as lower-case A-labels; the local part keeps its case (RFC 5321
    2.4). Takes any text: what is no address is only stripped and lower-cased after its last `@`.
    """
    stripped = text.strip()
    parts = _parts(stripped)
    if parts is not None:
        return f"{parts.local}@{parts.domain}"
    local, at, domain = unicodedata.normalize("NFC", stripped).rpartition("@")
    return f"{local}{at}{domain.lower()}"


def mailbox_key(text: str) -> str:
    """Return the form by which mailboxes are told apart: the normalised address without regard to case.

    RFC 5321 2.4 leaves the case of the local part to its host, but an opt-out must hold however the address is typed.
    """
    return normalise(text).casefold()


def domain_of(text: str) -> str:
    """Return the normalised domain of an address; empty if there is none."""
    _, at, domain = normalise(text).rpartition("@")
    return domain if at else ""


# Local parts that need no second look; every other one goes through the library whole.
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]{1,64}")


def _parts(text: str) -> _Parts | None:
    # Checked before the caches, which must not keep what somebody pasted.
    if len(text) > _LONGEST:
        return None
    local, _, domain = text.rpartition("@")
    if len(local) <= 64 and all(map(_PLAIN_LOCAL.fullmatch, local.split("."))):
        ascii_domain = _domain(domain)
        fits = ascii_domain is not None and len(local) + 1 + len(ascii_domain) <= _LONGEST
        return _Parts(local, ascii_domain) if fits and ascii_domain else None
    return _parse(text)


# The library takes 45 us for an address, a domain outside ASCII 165 us. A batch holds a thousand addresses and blocks
# the event loop meanwhile, but few domains.
@lru_cache(maxsize=8192)
def _domain(text: str) -> str | None:
    found = _parse(f"a@{text}")
    return found.domain if found is not None else None


@lru_cache(maxsize=8192)
def _parse(text: str) -> _Parts | None:
    try:
        # test_environment accepts the domain `test`, which sample data and tests use.
        found: ValidatedEmail = validate_email(text, strict=True, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return _Parts(found.local_part, found.ascii_domain)
