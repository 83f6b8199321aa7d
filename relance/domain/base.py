"""The shape every stored document and every wire model shares."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints, model_validator
from pydantic.alias_generators import to_camel


def _as_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("out of the calendar") from None


Utc = Annotated[AwareDatetime, AfterValidator(_as_utc)]
"""An instant; stored and compared in UTC."""

Text = Annotated[str, StringConstraints(strict=True)]
"""Text that others write: bytes are none, whatever they spell."""

Id = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""A user or contact id: without dots or slashes, because ids are joined with them (SPEC section 1).

Strict: bytes that happen to be text would be read as an id by which nobody finds the document.
"""

_PERIOD = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
Period = Annotated[str, StringConstraints(pattern=_PERIOD)]
"""A month, `2026-11`, in the user's own zone."""
_FIRST, _LAST = "1000-01", "2999-12"
"""So that the months around a period are in the calendar too."""


def is_period(value: object) -> bool:
    """Return whether a stored value is a period: documents in the database may hold any value there."""
    return isinstance(value, str) and re.fullmatch(_PERIOD, value) is not None and _FIRST <= value <= _LAST


class Document(BaseModel):
    """A MongoDB document: camelCase there, snake_case here; unknown fields are kept, null is a missing field (SPEC 2).

    Node's drivers write null for a value that is not there.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_missing(cls, data: object) -> object:
        if isinstance(data, dict) and None in data.values():
            return {name: value for name, value in data.items() if value is not None}
        return data


class Wire(BaseModel):
    """A payload that crosses Temporal: ids, counts and instants only, never personal data (SPEC section 13)."""

    model_config = ConfigDict(frozen=True)
