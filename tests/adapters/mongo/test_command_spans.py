"""What a trace says of a command to MongoDB, against a real server: which and where, never what about whom."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, Tracer
from pydantic import SecretStr
from pymongo.errors import PyMongoError

from relance.adapters.mongo import command_spans
from relance.adapters.mongo.connection import Database, connect
from relance.settings import Mongo
from tests.support.keys import PRIVACY

CANARY = "qzxcanary"


@pytest.fixture
def exported() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(exported: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch) -> Tracer:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exported))
    found = provider.get_tracer("test")
    monkeypatch.setattr(command_spans, "TRACER", found)
    return found


@pytest.fixture
async def data(mongo_uri: str, database: str) -> AsyncIterator[Database]:
    opened = connect(Mongo(uri=SecretStr(mongo_uri), database=database), PRIVACY, traced=True)
    yield opened
    await opened.client.drop_database(database)
    await opened.close()


def _named(exported: InMemorySpanExporter, name: str) -> ReadableSpan:
    return next(span for span in exported.get_finished_spans() if span.name == name)


async def test_a_command_is_a_child_of_whoever_gave_it_and_names_its_collection(
    data: Database, tracer: Tracer, exported: InMemorySpanExporter
) -> None:
    with tracer.start_as_current_span("batch") as batch:
        await data.raw.contacts.find_one({"email": CANARY})
    span = _named(exported, "MongoDB find")
    assert span.parent == batch.get_span_context()
    assert dict(span.attributes or {}) == {
        "db.system.name": "mongodb",
        "db.operation.name": "find",
        "db.collection.name": "contacts",
    }


async def test_a_command_that_fails_tells_its_code_and_not_the_servers_text(
    data: Database, tracer: Tracer, exported: InMemorySpanExporter
) -> None:
    with tracer.start_as_current_span("batch"), pytest.raises(PyMongoError, match=CANARY):
        await data.raw.contacts.find_one({f"${CANARY}": 1})
    span = _named(exported, "MongoDB find")
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "2"
    assert CANARY not in span.to_json()


async def test_outside_any_trace_a_command_leaves_no_span(
    data: Database, tracer: Tracer, exported: InMemorySpanExporter
) -> None:
    await data.raw.contacts.find_one({})
    assert exported.get_finished_spans() == ()
