"""The shape every group of settings shares, and the zones, cron expressions and addresses several of them name."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr

from relance.domain.jobs.cron import parsed
from relance.domain.zones import is_zone


def _zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError(f"{name!r} is not a time zone of the IANA database")
    return name


def _cron(text: str) -> str:
    try:
        parsed(text)
    except ValueError as error:
        raise ValueError(f"{text!r} {error}") from None
    return text


def _secret_url(secret: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(secret.get_secret_value())
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fine = False
    if not fine:
        raise ValueError("is no address like https://example.org/path")
    return secret


Zone = Annotated[str, AfterValidator(_zone)]
Cron = Annotated[str, AfterValidator(_cron)]
"""A cron expression that the server takes, and that comes due some day."""

SecretUrl = Annotated[SecretStr, AfterValidator(_secret_url)]
"""An address that is a secret itself: anyone who knows it can write there."""


class SettingsGroup(BaseModel):
    """One group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")
