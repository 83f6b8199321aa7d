"""What a log line holds, and what it must never hold."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from temporalio.testing import ActivityEnvironment

from relance.errors import DependencyUnavailable
from relance.runtime.logs import configure_logging, redact
from relance.settings.monitoring import Monitoring

ADDRESSES = [
    "alice@example.org",
    "<alice.o'hara+tag@mail.example.co.uk>",
    "bounce+alice=example.org@bounces.example.org",
    "prénom@exämple.fr",
    "alice%40example.org",
    "root@localhost",
    '"alice o"@example.org',
]


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, with its handlers and level put back afterwards."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


def _logged(log_format: str, root: logging.Logger) -> io.StringIO:
    stream = io.StringIO()
    configure_logging(Monitoring.model_validate({"log_format": log_format}), stream)
    assert root.handlers
    return stream


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_reaches_the_log_from_message_argument_or_exception(
    root: logging.Logger, log_format: str, address: str
) -> None:
    stream = _logged(log_format, root)
    try:
        raise ValueError(f"550 no mailbox for {address}")
    except ValueError:
        logging.getLogger("relance").exception("refused %s", address)
    text = stream.getvalue()
    assert "@" not in text
    assert "%40" not in text
    assert "alice" not in text
    assert "[address]" in text
    assert "ValueError" in text


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_the_text_of_a_foreign_error_is_left_out_with_all_its_causes(root: logging.Logger, log_format: str) -> None:
    stream = _logged(log_format, root)
    try:
        try:
            raise KeyError("Renée Canary")
        except KeyError as error:
            raise RuntimeError("no template for Renée Canary") from error
    except RuntimeError:
        logging.getLogger("relance").exception("a mail was not made")
    text = stream.getvalue()
    assert "Canary" not in text.replace('raise KeyError("Renée Canary")', "").replace(
        'raise RuntimeError("no template for Renée Canary")', ""
    ).replace('raise KeyError(\\"Renée Canary\\")', "").replace(
        'raise RuntimeError(\\"no template for Renée Canary\\")', ""
    )
    assert "KeyError" in text
    assert "RuntimeError" in text
    assert "test_logs.py" in text


def test_the_text_of_an_error_of_ours_is_shown(root: logging.Logger) -> None:
    stream = _logged("text", root)
    try:
        raise DependencyUnavailable("MongoDB", "no primary answered")
    except DependencyUnavailable:
        logging.getLogger("relance").exception("tried")
    assert "no primary answered" in stream.getvalue()


def test_a_task_whose_error_nobody_asks_for_is_shown_without_it(root: logging.Logger) -> None:
    stream = _logged("text", root)
    logging.getLogger("asyncio").error("Task exception\nfuture: <Task exception=%r>", RuntimeError("Renée"))
    assert "exception=RuntimeError>" in stream.getvalue()


@given(st.emails(), st.sampled_from(["to {}", "<{}>", '"{}"', "({})", "a {}, b"]))
def test_every_valid_address_is_replaced(address: str, around: str) -> None:
    assert "@" not in redact(around.format(address))


def test_text_without_an_address_stays_as_it_is() -> None:
    text = "invitation 2026-11.u1.c1 failed with 5.1.1 at 18:00"
    assert redact(text) is text


def test_a_json_line_names_workflow_activity_and_trace(root: logging.Logger) -> None:
    stream = _logged("json", root)
    info = {"workflow_id": "cycle/2026-11", "activity_type": "send_batch", "attempt": 2, "task_token": b"x"}
    with TracerProvider().get_tracer("test").start_as_current_span("span") as span:
        logging.getLogger("relance.mail").info("sent %d", 3, extra={"temporal_activity": info})
        span_id = trace.format_span_id(span.get_span_context().span_id)
    entry = json.loads(stream.getvalue())
    assert (entry["message"], entry["span_id"]) == ("sent 3", span_id)
    assert (entry["workflow_id"], entry["activity_type"], entry["attempt"]) == ("cycle/2026-11", "send_batch", 2)
    assert entry["trace_id"] == trace.format_trace_id(span.get_span_context().trace_id)
    assert "task_token" not in entry
    assert entry["time"].endswith("+00:00")


async def test_code_that_knows_nothing_of_temporal_is_logged_with_the_activity_it_runs_in(root: logging.Logger) -> None:
    stream = _logged("json", root)
    environment = ActivityEnvironment()

    def work() -> None:
        logging.getLogger("relance.adapters.smtp").warning("the relay is slow")

    environment.run(work)
    entry = json.loads(stream.getvalue())
    assert (entry["workflow_id"], entry["run_id"]) == (
        environment.info.workflow_id,
        environment.info.workflow_run_id,
    )
    assert entry["activity_type"] == environment.info.activity_type


def test_a_text_line_ends_with_its_context(root: logging.Logger) -> None:
    stream = _logged("text", root)
    logging.getLogger("relance").info("planned", extra={"temporal_workflow": {"workflow_id": "cycle/2026-11"}})
    assert stream.getvalue().endswith("INFO relance planned [workflow_id=cycle/2026-11]\n")


def test_records_below_the_level_of_the_settings_are_dropped(root: logging.Logger) -> None:
    stream = io.StringIO()
    configure_logging(Monitoring(log_level="WARNING"), stream)
    logging.getLogger("relance").info("detail")
    assert (stream.getvalue(), root.level) == ("", logging.WARNING)
