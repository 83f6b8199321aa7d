"""Who signed a call of Slack (docs.slack.dev/authentication/verifying-requests-from-slack).

HMAC-SHA-256 over version, timestamp and the very bytes of the body, by the app's signing secret.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from relance.gateway.webhooks.model import SignatureRejected

VERSION = "v0"
TOLERANCE = timedelta(minutes=5)
TIMESTAMP, SIGNATURE = "x-slack-request-timestamp", "x-slack-signature"


def signature_of(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a body at a time."""
    signed = f"{VERSION}:{timestamp}:".encode() + body
    return f"{VERSION}={hmac.digest(secret.encode(), signed, 'sha256').hex()}"


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Return the signature of a call.

    Raises:
        SignatureRejected: it is missing, wrong, or of another time.
    """
    timestamp, given = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise SignatureRejected
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise SignatureRejected
    own = signature_of(secret, timestamp, body)
    if not hmac.compare_digest(own.encode(), given.encode("utf-8", "replace")):
        raise SignatureRejected
    return own
