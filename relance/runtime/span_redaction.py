"""The last thing before spans leave: texts of errors are cut down to their types (SPEC section 13).

Temporal's interceptor records exceptions whole, with message and traceback, and either may quote a document. The log
has them, without addresses; a trace needs to know what kind of error it was, and where.
"""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Status

TYPE = "exception.type"


class CleanExporter(SpanExporter):
    """Hands spans on without the texts of errors."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Clean and hand on."""
        return self._inner.export([_clean(span) for span in spans])

    def shutdown(self) -> None:
        """Shut the inner one down."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Flush the inner one."""
        return self._inner.force_flush(timeout_millis)


def _clean(span: ReadableSpan) -> ReadableSpan:
    if not span.events and span.status.description is None:
        return span
    kind = (span.status.description or "").partition(":")[0]
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=span.attributes,
        events=[_event(event) for event in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code, kind or None),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _event(event: Event) -> Event:
    known = event.attributes or {}
    return Event(event.name, {TYPE: known[TYPE]} if TYPE in known else None, event.timestamp)
