"""What crosses the wire becomes payloads and is read again, as in the SDK: what a model does not carry is lost here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ActivityError

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


def activity_failed(name: str = "") -> ActivityError:
    """Return what a workflow is told when an activity has failed for good, or was given up."""
    return ActivityError(
        "activity failed",
        scheduled_event_id=0,
        started_event_id=0,
        identity="",
        activity_type=name,
        activity_id="",
        retry_state=None,
    )
