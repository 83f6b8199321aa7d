"""The shape every group of settings shares, and the zones and cron expressions several of them name."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from relance.domain.cron import parsed
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


Zone = Annotated[str, AfterValidator(_zone)]
Cron = Annotated[str, AfterValidator(_cron)]
"""A cron expression that the server takes, and that comes due some day."""


class Group(BaseModel):
    """One group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")
