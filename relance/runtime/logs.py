"""What a process writes to standard error: text for people, JSON for collectors, never an address."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from opentelemetry import trace

if TYPE_CHECKING:
    from types import TracebackType

    from temporalio import activity

    from relance.settings.monitoring import Monitoring

_ADDRESS = re.compile(r"""(?:"[^"@]*"|[^\s@<>"(),;]{1,128})(?:@|%40)[^\s@<>"'(),;]{1,255}""")

# What `relance.adapters.signing` makes; the signature may be cut off or altered.
_TOKEN = re.compile(r"\bv[12]\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?")


def redact(text: str) -> str:
    """Return the text with everything that looks like an e-mail address or the token of a link replaced.

    The last defence only (SPEC section 13); it also catches Message-IDs and the password in a connection string.
    """
    if "v1." in text or "v2." in text:
        text = _TOKEN.sub("[token]", text)
    if "@" not in text and "%40" not in text:
        return text
    return _ADDRESS.sub("[address]", text)


# What the SDK's own loggers say -> what we call it; a workflow's run is `run_id`, an activity's `workflow_run_id`.
_CONTEXT = {
    "workflow_id": "workflow_id",
    "workflow_type": "workflow_type",
    "run_id": "run_id",
    "workflow_run_id": "run_id",
    "activity_type": "activity_type",
    "attempt": "attempt",
}


# How asyncio shows a task whose error nobody has asked for.
_REPRESENTED = re.compile(r"exception=([A-Za-z_.]+)\(.*?\)(?=>|$)", re.DOTALL)


def message_of(record: logging.LogRecord) -> str:
    """Return a record's message; asyncio puts errors into it whole."""
    message = record.getMessage()
    return _REPRESENTED.sub(r"exception=\1", message) if record.name == "asyncio" else message


def context_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a record knows about its workflow, activity and trace."""
    found: dict[str, Any] = {}
    for source in ("temporal_workflow", "temporal_activity"):
        info = getattr(record, source, None) or {}
        found.update({shown: info[name] for name, shown in _CONTEXT.items() if name in info})
    # A process that has not imported Temporal's client is in no activity, and is spared the import.
    sdk = sys.modules.get("temporalio.activity")
    if not found and sdk is not None and sdk.in_activity():
        found = _of_activity(sdk.info())
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        found["trace_id"] = trace.format_trace_id(span.trace_id)
        found["span_id"] = trace.format_span_id(span.span_id)
    return found


def _of_activity(info: activity.Info) -> dict[str, Any]:
    """Return the context of what is logged beneath an activity, by code that knows nothing of Temporal."""
    return {
        "workflow_id": info.workflow_id,
        "workflow_type": info.workflow_type,
        "run_id": info.workflow_run_id,
        "activity_type": info.activity_type,
        "attempt": info.attempt,
    }


class _PrivateFormatter(logging.Formatter):
    """Shows of an exception what it was and where; the texts of foreign errors may quote a document."""

    def formatException(  # noqa: N802 - the name is logging's
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """Return the traceback without those texts."""
        from relance.runtime.private_errors import without_texts  # noqa: PLC0415 - a start without errors is quicker

        return without_texts(ei[1]).rstrip() if ei[1] is not None else ""


class TextFormatter(_PrivateFormatter):
    """`18:00:05 INFO relance.mail message [workflow_id=... activity_type=...]`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        """Return the line before any traceback."""
        context = " ".join(f"{name}={value}" for name, value in context_of(record).items())
        record.message = message_of(record)
        return super().formatMessage(record) + (f" [{context}]" if context else "")

    def format(self, record: logging.LogRecord) -> str:
        """Return the whole entry, without addresses."""
        return redact(super().format(record))


class JsonFormatter(_PrivateFormatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the whole entry, without addresses."""
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
            **context_of(record),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        shown = {name: redact(value) if isinstance(value, str) else value for name, value in entry.items()}
        return json.dumps(shown, ensure_ascii=False, default=str)


class _ToStderr(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at that moment: a progress bar takes its place, and prints above itself."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        self.setStream(sys.stderr)
        super().emit(record)


def quiet_sdk() -> None:
    """Keep the SDK from putting its whole context behind each message: the formatters show it themselves."""
    from temporalio import activity, workflow  # noqa: PLC0415 - of workers only

    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False


def configure_logging(monitoring: Monitoring, stream: TextIO | None = None) -> None:
    """Send every log record of the process to `stream` (standard error), in the form of the settings."""
    handler = _ToStderr() if stream is None else logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if monitoring.log_format == "json" else TextFormatter())
    logging.basicConfig(level=monitoring.log_level, handlers=[handler], force=True)
    # One line per request says nothing that the metrics do not.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # At DEBUG the driver logs every command with its documents, names and all.
    logging.getLogger("pymongo").setLevel(logging.WARNING)
