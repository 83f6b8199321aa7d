"""Spans around what leaves the process, by OpenTelemetry's API; without a tracer provider they cost next to nothing.

A span holds kinds, counts and names of services, never an address, a URL, a statement or the text of an error: those
may name people (SPEC section 13).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from relance import __version__

TRACER = trace.get_tracer("relance", __version__)


@contextmanager
def span(
    name: str, attributes: Mapping[str, str | int] | None = None, *, kind: SpanKind = SpanKind.CLIENT
) -> Iterator[Span]:
    """Run the block in a span of its own; an exception ends it with the exception's type."""
    with TRACER.start_as_current_span(
        name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current
        except Exception as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
