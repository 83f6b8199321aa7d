"""Signatures of messages over HTTP, made and verified (standardwebhooks.com, version 1.0.0).

What is signed is `<id>.<timestamp>.<body>`; the header holds `v1,<base64 of HMAC-SHA-256>` per key, after blanks.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from relance.errors import InvalidInput

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE = timedelta(minutes=5)
LONGEST_ID = 256
_VERSION = "v1,"
_MOST_SIGNATURES = 20
_REMEDY = "sign every request after Standard Webhooks, each try with the time it is made"


def signatures(keys: Sequence[bytes], identifier: str, timestamp: str, body: bytes) -> str:
    """Return one signature per key, separated by blanks: a receiver may still have the old key."""
    return " ".join(f"{_VERSION}{_digest(key, identifier, timestamp, body)}" for key in keys)


def signed_headers(key: bytes, identifier: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of a message signed now."""
    timestamp = str(int(at.timestamp()))
    return {ID: identifier, TIMESTAMP: timestamp, SIGNATURE: signatures([key], identifier, timestamp, body)}


def claimed_id(headers: Mapping[str, str], now: datetime) -> str:
    """Return the id a message says it has, once its headers are there and its time is now; the signature is not seen.

    Raises:
        InvalidInput: a header is missing, or the message is of another time.
    """
    identifier = headers.get(ID, "")
    if not identifier or len(identifier) > LONGEST_ID or not (identifier.isascii() and identifier.isprintable()):
        raise InvalidInput(ID, f"it is missing, no ASCII or longer than {LONGEST_ID} characters", _REMEDY)
    timestamp = headers.get(TIMESTAMP, "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise InvalidInput(TIMESTAMP, "it is missing or no number of seconds", _REMEDY)
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise InvalidInput(TIMESTAMP, "it is more than five minutes away from our clock", _REMEDY)
    if not headers.get(SIGNATURE):
        raise InvalidInput(SIGNATURE, "it is missing", _REMEDY)
    return identifier


def check(keys: Sequence[bytes], headers: Mapping[str, str], body: bytes) -> None:
    """Make sure that a message whose headers are there was signed with one of the keys.

    Raises:
        InvalidInput: it was not.
    """
    given = [
        signature.removeprefix(_VERSION).encode("utf-8", "surrogateescape")
        for signature in headers[SIGNATURE].split(" ")[:_MOST_SIGNATURES]
        if signature.startswith(_VERSION)
    ]
    ours = [_digest(key, headers[ID], headers[TIMESTAMP], body).encode() for key in keys]
    # Every pair is compared: how long it takes says nothing about which key was right.
    if not sum(hmac.compare_digest(mine, theirs) for mine in ours for theirs in given):
        raise InvalidInput(SIGNATURE, "it was not made with a key of ours over this id, time and body", _REMEDY)


def _digest(key: bytes, identifier: str, timestamp: str, body: bytes) -> str:
    signed = f"{identifier}.{timestamp}.".encode("utf-8", "surrogateescape") + body
    return b64encode(hmac.digest(key, signed, "sha256")).decode()
