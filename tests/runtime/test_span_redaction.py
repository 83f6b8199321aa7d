"""What a trace says of an error, and what it keeps to itself."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode, Tracer

from relance.runtime.span_redaction import CleanExporter

SECRET = "no mailbox for alice@example.org"


@pytest.fixture
def exported() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(exported: InMemorySpanExporter) -> Tracer:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(CleanExporter(exported)))
    return provider.get_tracer("test")


def _only(exported: InMemorySpanExporter) -> ReadableSpan:
    (span,) = exported.get_finished_spans()
    return span


def test_of_an_exception_only_its_type_leaves(tracer: Tracer, exported: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match=SECRET), tracer.start_as_current_span("send"):
        raise ValueError(SECRET)
    span = _only(exported)
    assert SECRET not in span.to_json()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "ValueError")
    assert [dict(event.attributes or {}) for event in span.events] == [{"exception.type": "ValueError"}]


def test_a_span_keeps_its_place_its_times_and_its_attributes(tracer: Tracer, exported: InMemorySpanExporter) -> None:
    with tracer.start_as_current_span("send", attributes={"relance.mails": 3}) as live:
        live.set_status(Status(StatusCode.ERROR, f"MailRefused: {SECRET}"))
    span = _only(exported)
    assert span.context == live.get_span_context()
    assert dict(span.attributes or {}) == {"relance.mails": 3}
    assert span.start_time is not None
    assert span.end_time is not None
    assert span.status.description == "MailRefused"


def test_a_span_without_trouble_leaves_as_it_is(tracer: Tracer, exported: InMemorySpanExporter) -> None:
    with tracer.start_as_current_span("send"):
        pass
    assert _only(exported).status.status_code is StatusCode.UNSET
