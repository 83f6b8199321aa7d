"""The settings of the HTTP gateway."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from relance.settings.group import Group


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
    """What is reachable over HTTP: the pictures that chat messages link to."""

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="Port to listen on, shared by all workers of this machine that serve the queue ops; none means "
        "nothing is served.",
    )
    public_url: Annotated[str | None, AfterValidator(_public)] = Field(
        None,
        description="How the gateway is called from outside (https); none means that messages hold no links to it.",
    )
