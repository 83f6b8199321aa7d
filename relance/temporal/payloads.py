"""How values travel: pydantic's JSON, except that a signal nobody can read does not get lost before it is counted."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from functools import cached_property
from typing import Any, Final, Self

from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
    SerializationContext,
    WorkflowSerializationContext,
)

from relance.contracts.alerts import Decided, DetailsAsked, Inhibited, Sighted
from relance.contracts.control import ControlChange
from relance.contracts.follow_up import InvitationEvent, Wake

SIGNALLED: Final = frozenset(
    {ControlChange, InvitationEvent, Wake, Sighted, Decided, Inhibited, DetailsAsked, str},
)
"""What the handlers of signals take. No workflow has one of these as its input or its result (a test says so)."""


class Unreadable(Enum):
    """Stands for the argument of a signal that cannot be read; its handler is never called with it."""

    UNREADABLE = "unreadable"


class RelancePayloadConverter(PydanticPayloadConverter):
    """Pydantic's converter; arguments of a signal that cannot be read become `Unreadable` instead of an error.

    The SDK drops such a signal before any interceptor hears of it, logs it with its values, and does both again with
    every replay. Known from everything else by three things together: what the SDK reads for a workflow carries a
    workflow's context; what it reads ahead of the workflow's code, it reads outside of any event loop; and the type is
    one that only signals have, or none, because the number of arguments is wrong. Everything else fails as ever.
    """

    _of_workflow = False

    def with_context(self, context: SerializationContext) -> Self:
        """Return a converter that knows whether it serves a workflow; both share their adapters."""
        if not isinstance(context, WorkflowSerializationContext):
            return self
        copied = copy.copy(self)
        copied._of_workflow = True  # noqa: SLF001 - our own
        return copied

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """Return the values; see `PayloadConverter`."""
        may_be_signal = self._of_workflow and SIGNALLED.issuperset(type_hints or ()) and _is_outside_of_loops()
        try:
            values = super().from_payloads(payloads, type_hints)
        except Exception:
            if not may_be_signal:
                raise
            return [Unreadable.UNREADABLE] * len(payloads)
        # Other encodings than JSON make bytes of it, whatever it is to be.
        if may_be_signal and not all(map(isinstance, values, type_hints or ())):
            return [Unreadable.UNREADABLE] * len(payloads)
        return values


def _is_outside_of_loops() -> bool:
    return asyncio._get_running_loop() is None  # noqa: SLF001 - the public one raises, and the client asks often


class RelanceDataConverter(DataConverter):
    """Makes the converter of workflows once; the SDK makes it anew for every call, which takes 88 microseconds.

    It is the same for all of them: all it knows of the context is whether there is one.
    """

    def with_context(self, context: SerializationContext) -> Self:
        """Return the converter for a context."""
        return self._of_workflow if isinstance(context, WorkflowSerializationContext) else self

    @cached_property
    def _of_workflow(self) -> Self:
        return super().with_context(WorkflowSerializationContext(namespace="", workflow_id=""))


DATA_CONVERTER = RelanceDataConverter(payload_converter_class=RelancePayloadConverter)
"""What client, worker, tests and Replayer convert with."""


def data_converter(codec: PayloadCodec | None) -> DataConverter:
    """Return the same converter with a codec; with one, messages and stack traces of failures go through it too."""
    if codec is None:
        return DATA_CONVERTER
    return replace(
        DATA_CONVERTER, payload_codec=codec, failure_converter_class=DefaultFailureConverterWithEncodedAttributes
    )
