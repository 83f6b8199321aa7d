"""Recorded histories as a server would hold them if a codec had been at work."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import Message
from temporalio.api.common.v1 import Header, Payload, SearchAttributes
from temporalio.api.history.v1 import MarkerRecordedEventAttributes
from temporalio.client import WorkflowHistory
from temporalio.converter import PayloadCodec


async def encoded(history: WorkflowHistory, codec: PayloadCodec) -> WorkflowHistory:
    """Return a history with each payload encoded that the SDK would encode: no search attributes, headers, markers."""
    changed = WorkflowHistory.from_json(history.workflow_id, history.to_json())
    for event in changed.events:
        for payload in list(payloads_of(event)):
            payload.CopyFrom((await codec.encode([payload]))[0])
    return changed


def payloads_of(message: Message) -> Iterator[Payload]:
    """Yield each payload below a message that a codec encodes."""
    if isinstance(message, Payload):
        yield message
        return
    # Markers are those of patches, which the core writes past every codec.
    if isinstance(message, SearchAttributes | Header | MarkerRecordedEventAttributes):
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            values = list(value.values()) if field.message_type.fields_by_name["value"].message_type else []
        else:
            values = list(value) if field.is_repeated else [value]
        for part in values:
            yield from payloads_of(part)
