"""Secrets by which messages are signed after Standard Webhooks: `whsec_` and base64, several separated by commas."""

from __future__ import annotations

from base64 import b64decode
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from relance.settings.recipients import listed

FORM = "whsec_ and base64 of 24 to 64 bytes, separated by commas"
_PREFIX = "whsec_"


def checked_secrets(secrets: SecretStr) -> SecretStr:
    """Return secrets of Standard Webhooks, separated by commas, if all of them can be used."""
    for secret in listed(secrets.get_secret_value()):
        try:
            key = b64decode(secret.removeprefix(_PREFIX), validate=True)
        except ValueError:
            raise ValueError("a secret is not whsec_ and base64") from None
        if not 24 <= len(key) <= 64:
            raise ValueError("a secret must be of 24 to 64 bytes")
    return secrets


SigningSecrets = Annotated[SecretStr, AfterValidator(checked_secrets)]


def signing_keys(secrets: SecretStr) -> tuple[bytes, ...]:
    """Return the keys of a setting, in order; none if it is empty."""
    return tuple(b64decode(secret.removeprefix(_PREFIX)) for secret in listed(secrets.get_secret_value()))
