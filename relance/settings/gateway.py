"""The settings of the HTTP gateway."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from relance.settings.group import Group
from relance.settings.keyring import Keyring
from relance.settings.privacy import Keys, ring_of
from relance.settings.signing_secrets import FORM, SigningSecrets, signing_keys

SIGNING_SECRETS, API_KEYS = "RELANCE_GATEWAY__SIGNING_SECRETS", "RELANCE_GATEWAY__API_KEYS"


def _public(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ValueError("links would be opened unencrypted; use https")
    if not parts.hostname or parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("must be like https://relance.example, with a path if need be and nothing else")
    return url.rstrip("/")


class Gateway(Group):
    """What is reachable over HTTP: the event API of the application, the pictures that chat messages link to."""

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="Port to listen on, shared by all processes of this machine with the role gateway, ops or all; "
        "none means nothing is served.",
    )
    public_url: Annotated[str | None, AfterValidator(_public)] = Field(
        None,
        description="How the gateway is called from outside (https); none means that messages hold no links to it.",
    )
    signing_secrets: SigningSecrets = Field(
        SecretStr(""),
        description=f"Secrets by which the application signs its events ({FORM}); any of them will do, so to rotate, "
        "add the new one here first, then in the application, then drop the old one. Without one no events are taken.",
    )
    api_keys: Keys = Field(
        None,
        description="Keys by which the application asks about tokens and invitations; any of them will do. At least 32 "
        "characters without blanks; several keys separated by commas. Without one nothing is answered.",
    )

    @property
    def signing_keys(self) -> tuple[bytes, ...]:
        """The keys of the secrets, the newest first; none if events are not taken."""
        return signing_keys(self.signing_secrets)

    @property
    def api_keyring(self) -> Keyring:
        """The keys of the application's questions."""
        return ring_of(API_KEYS, self.api_keys)
