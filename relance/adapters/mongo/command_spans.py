"""A span per command to MongoDB: which command on which collection, and how long; never what it says."""

from __future__ import annotations

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, get_current_span
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from relance.adapters.tracing import TRACER


class CommandSpans(CommandListener):
    """Makes spans of commands, called by the driver in its own threads; a command outside of a trace gets none."""

    def __init__(self) -> None:
        self._open: dict[tuple[object, int], Span] = {}

    def started(self, event: CommandStartedEvent) -> None:
        """Begin a span."""
        if not get_current_span().is_recording():
            return
        attributes = {"db.system.name": "mongodb", "db.operation.name": event.command_name}
        collection = event.command.get("collection") or event.command.get(event.command_name)
        if isinstance(collection, str):
            attributes["db.collection.name"] = collection
        name = f"MongoDB {event.command_name}"
        self._open[_call(event)] = TRACER.start_span(name, kind=SpanKind.CLIENT, attributes=attributes)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """End its span."""
        ended = self._open.pop(_call(event), None)
        if ended is not None:
            ended.end()

    def failed(self, event: CommandFailedEvent) -> None:
        """End its span; the server's text may quote documents, its code does not."""
        ended = self._open.pop(_call(event), None)
        if ended is not None:
            ended.set_attribute("error.type", str(event.failure.get("code", "none")))
            ended.set_status(Status(StatusCode.ERROR))
            ended.end()


def _call(event: CommandStartedEvent | CommandSucceededEvent | CommandFailedEvent) -> tuple[object, int]:
    return event.connection_id, event.request_id
