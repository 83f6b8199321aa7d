"""Encrypts what Temporal stores: AES-256-GCM with key ids (SPEC section 13, O3).

Each payload is sealed as a whole, its own metadata included, and names its key by the fingerprint that `keys status`
shows. The key id is authenticated with the content, so that a payload is never read under another key than the one it
names. Payloads without our encoding pass as they are: histories from before the codec stay readable.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from relance.errors import SettingsError
from relance.settings.keyring import Keyring
from relance.settings.privacy import Privacy

ENCODING: Final = b"binary/encrypted"
KEY_ID: Final = "encryption-key-id"
CIPHER: Final = "encryption-cipher"
AES_256_GCM: Final = b"AES-256-GCM"

NONCE_OCTETS: Final = 12
"""Random for each payload; NIST SP 800-38D allows 2^32 of them under one key: 11 million a day for a year."""

_PURPOSE: Final = b"relance payload codec v1"


@dataclass(frozen=True, slots=True)
class EncryptingCodec(PayloadCodec):
    """Seals under the key `writes` names, opens under any key; without `writes` it only opens."""

    keys: Mapping[str, AESGCM]
    writes: str | None

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Return the payloads sealed; what is sealed already stays as it is."""
        return [payload if self.writes is None or _is_sealed(payload) else self._seal(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Return the payloads opened; what is not sealed, or was altered, stays as it is.

        An altered payload is nothing that a key will ever open: the converter refuses it, and as argument of a signal
        it is ignored like any other that cannot be read (`payloads.Unreadable`).

        Raises:
            SettingsError: a payload names a key that we do not have. A workflow task fails and is tried again, so that
                it goes on as soon as a worker has the key.
        """
        return [self._open(payload) if _is_sealed(payload) else payload for payload in payloads]

    def _seal(self, payload: Payload) -> Payload:
        key_id = (self.writes or "").encode()
        nonce = os.urandom(NONCE_OCTETS)
        sealed = self.keys[key_id.decode()].encrypt(nonce, payload.SerializeToString(), _bound(key_id))
        metadata = {"encoding": ENCODING, KEY_ID: key_id, CIPHER: AES_256_GCM}
        return Payload(metadata=metadata, data=nonce + sealed)

    def _open(self, payload: Payload) -> Payload:
        key_id = payload.metadata[KEY_ID]
        key = self.keys.get(key_id.decode(errors="replace"))
        if key is None:
            raise SettingsError(_lacks(key_id.decode(errors="replace")))
        try:
            opened = key.decrypt(payload.data[:NONCE_OCTETS], payload.data[NONCE_OCTETS:], _bound(key_id))
            return Payload.FromString(opened)
        except (InvalidTag, ValueError, DecodeError):
            return payload


def codec_of(privacy: Privacy) -> EncryptingCodec | None:
    """Return the codec these settings describe; None without a key, which is the default."""
    ring = privacy.codec_keys
    return codec(ring, writes=privacy.encrypt_payloads) if ring.texts else None


def codec(ring: Keyring, *, writes: bool = True) -> EncryptingCodec:
    """Return a codec that opens with every key of a ring and, unless told otherwise, seals with its first."""
    ciphers = (AESGCM(hmac.digest(key, _PURPOSE, "sha256")) for key in ring.keys)
    keys = dict(zip(ring.fingerprints, ciphers, strict=True))
    return EncryptingCodec(keys, ring.fingerprints[0] if writes else None)


def _is_sealed(payload: Payload) -> bool:
    return payload.metadata.get("encoding") == ENCODING and KEY_ID in payload.metadata


def _bound(key_id: bytes) -> bytes:
    return _PURPOSE + b"\0" + AES_256_GCM + b"\0" + key_id


def _lacks(key_id: str) -> str:
    return (
        f"RELANCE_PRIVACY__CODEC_KEY: a payload in Temporal is encrypted with the key of fingerprint {key_id[:32]!r}, "
        "which is not among these settings; put it behind the first key, after a comma (see `keys status`)"
    )
