"""Addresses, as the envelope and the To header need them."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email

from relance.errors import InvalidInput

# RFC 5321 without quoted local parts and address literals, which no person uses and relays refuse.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ASCII_ADDRESS = re.compile(rf"(?=.{{1,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}\Z")


def deliverable(address: str) -> str:
    """Return an address with its domain as A-labels; only the local part may still be other than ASCII.

    Raises:
        InvalidInput: it is no address; the message does not quote it.
    """
    if address.isascii():
        if _ASCII_ADDRESS.match(address):
            return address
        raise _invalid()
    try:
        parsed = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise _invalid() from None
    if not parsed.ascii_domain:
        raise _invalid()
    return f"{parsed.local_part}@{parsed.ascii_domain}"


def _invalid() -> InvalidInput:
    return InvalidInput("EMAIL", "it is not an address mail can be sent to", "correct the contact's address")
