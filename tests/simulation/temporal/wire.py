"""What crosses the wire is turned into payloads and back as by the SDK: what a model does not carry is lost here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from temporalio.contrib.pydantic import pydantic_data_converter

Payloads: TypeAlias = Sequence[Any]

_CONVERTER = pydantic_data_converter.payload_converter


def packed(values: Sequence[Any]) -> Payloads:
    """Return values as they travel."""
    return _CONVERTER.to_payloads(values)


def unpacked(payloads: Payloads, types: Sequence[type] | None) -> list[Any]:
    """Return values as those read them who know their types."""
    hints = list(types)[: len(payloads)] if types is not None else None
    return _CONVERTER.from_payloads(payloads, hints)


def carried(value: Any, type_: type | None) -> Any:
    """Return a single value as it arrives at the other end."""
    return unpacked(packed([value]), [type_] if type_ is not None else None)[0]
