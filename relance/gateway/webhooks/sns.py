"""Amazon SNS: who signed a message (docs.aws.amazon.com/sns, "Verifying the signatures of Amazon SNS messages").

The certificate is fetched from the address in the message, but only from an SNS host of Amazon over https; only the
topic of the settings is listened to, and only its subscription is confirmed.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from relance.gateway.webhooks.model import Json, SignatureRejected, mapping, parsed, text_at

FetchText: TypeAlias = Callable[[str], Awaitable[bytes]]
"""Gets what an https address of Amazon holds; raises DependencyUnavailable."""

NOTIFICATION, SUBSCRIPTION = "Notification", "SubscriptionConfirmation"
TOLERANCE = timedelta(hours=1)
MOST_CERTIFICATES = 8
LONGEST_MESSAGE = 300_000
_HOST = re.compile(r"sns\.[a-z0-9-]{3,30}\.amazonaws\.com(?:\.cn)?")
_SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIPTION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


@dataclass
class SnsVerifier:
    """Verifies messages of one topic; certificates are fetched once."""

    topic: str
    fetch: FetchText
    _certificates: dict[str, x509.Certificate] = field(default_factory=dict)

    async def verified(self, body: bytes, now: datetime) -> Mapping[str, Json]:
        """Return a message of the topic.

        Raises:
            SignatureRejected: it is of another topic, from somebody else, or an hour old.
            MalformedCall: it is no JSON object.
            DependencyUnavailable: the certificate cannot be fetched.
        """
        message = mapping(parsed(body))
        names = _SIGNED.get(_text(message, "Type"))
        address = _text(message, "SigningCertURL")
        if names is None or _text(message, "TopicArn") != self.topic or not is_of_amazon(address, ".pem"):
            raise SignatureRejected
        if not _is_fresh(_text(message, "Timestamp"), now):
            raise SignatureRejected
        certificate = await self._certificate(address)
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey) or not _is_valid(certificate, now):
            raise SignatureRejected
        text = "".join(f"{name}\n{_text(message, name)}\n" for name in names if _text(message, name))
        algorithm = SHA256() if _text(message, "SignatureVersion") == "2" else SHA1()  # noqa: S303 - version 1 is SHA-1
        try:
            key.verify(b64decode(_text(message, "Signature"), validate=True), text.encode(), PKCS1v15(), algorithm)
        except (InvalidSignature, ValueError, binascii.Error):
            raise SignatureRejected from None
        return message

    async def confirm(self, message: Mapping[str, Json]) -> None:
        """Confirm the subscription a verified message offers.

        Raises:
            SignatureRejected: its address is none of Amazon's.
            DependencyUnavailable: nothing answers there.
        """
        address = _text(message, "SubscribeURL")
        if not is_of_amazon(address):
            raise SignatureRejected
        await self.fetch(address)

    async def _certificate(self, address: str) -> x509.Certificate:
        if address not in self._certificates:
            raw = await self.fetch(address)
            try:
                certificate = x509.load_pem_x509_certificate(raw)
            except ValueError:
                raise SignatureRejected from None
            if len(self._certificates) >= MOST_CERTIFICATES:
                self._certificates.clear()
            self._certificates[address] = certificate
        return self._certificates[address]


def is_of_amazon(address: str, ending: str = "") -> bool:
    """Return whether an address is one of SNS: https, a host of Amazon's, the standard port, no user."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    plain = parts.scheme == "https" and port in {None, 443} and parts.username is None and parts.password is None
    return plain and _HOST.fullmatch(parts.hostname or "") is not None and parts.path.endswith(ending)


def _text(message: Mapping[str, Json], name: str) -> str:
    value = message.get(name)
    return value[:LONGEST_MESSAGE] if isinstance(value, str) else text_at(message, name)


def _is_fresh(stamp: str, now: datetime) -> bool:
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return False
    return at.tzinfo is not None and abs(now - at) <= TOLERANCE


def _is_valid(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
