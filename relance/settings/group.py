"""The shape every group of settings shares, and the zones several of them name."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from relance.domain.zones import is_zone


def _zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError(f"{name!r} is not a time zone of the IANA database")
    return name


Zone = Annotated[str, AfterValidator(_zone)]


class Group(BaseModel):
    """One group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")
