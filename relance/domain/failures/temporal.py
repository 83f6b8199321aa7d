"""What an RPC status of the Temporal server means to a caller of its API."""

from __future__ import annotations

from functools import partial

from relance.domain.failures.model import Failure, FailureClass, Severity, Source, Strategy
from relance.domain.failures.table import Row, Sign, deciding

_C, _V, _S = FailureClass, Severity, Strategy

_later = partial(Row, class_=_C.TRANSPORT, severity=_V.MEDIUM, strategy=_S.RETRY_LATER, retryable=True)
_settings = partial(Row, class_=_C.CONFIGURATION, severity=_V.CRITICAL, strategy=_S.RETRY_LATER, retryable=True)

TABLE: tuple[Row, ...] = (
    _later("UNAVAILABLE: the server cannot be reached", code="UNAVAILABLE", remedy="look whether the server is up"),
    _later("DEADLINE_EXCEEDED: no answer in time", code="DEADLINE_EXCEEDED", remedy="look at the server's load"),
    _later("CANCELLED, ABORTED: the call was broken off", code="CANCELLED|ABORTED", severity=_V.LOW),
    Row(
        "RESOURCE_EXHAUSTED: too many calls, or the message is too large",
        _C.THROTTLED,
        _V.MEDIUM,
        _S.RETRY_LATER,
        code="RESOURCE_EXHAUSTED",
        retryable=True,
        remedy="raise the namespace's limit, or run fewer workers",
    ),
    Row(
        "NOT_FOUND: there is no such workflow, Schedule or namespace (any more)",
        _C.GONE,
        _V.LOW,
        _S.CARRY_ON,
        code="NOT_FOUND",
    ),
    Row("ALREADY_EXISTS: it was started before", _C.CONFLICT, _V.LOW, _S.CARRY_ON, code="ALREADY_EXISTS"),
    Row(
        "FAILED_PRECONDITION: no worker answers for the workflow, or its state does not allow it",
        _C.CONFLICT,
        _V.MEDIUM,
        _S.RETRY_LATER,
        code="FAILED_PRECONDITION",
        retryable=True,
        remedy="look whether workers run",
    ),
    _settings(
        "UNAUTHENTICATED, PERMISSION_DENIED",
        code="UNAUTHENTICATED|PERMISSION_DENIED",
        remedy="check TEMPORAL_API_KEY, TEMPORAL_NAMESPACE and the certificates",
    ),
    _settings(
        "UNIMPLEMENTED: the server is too old, or is no Temporal server",
        code="UNIMPLEMENTED",
        remedy="check TEMPORAL_ADDRESS and the server's version",
    ),
    Row(
        "INVALID_ARGUMENT, OUT_OF_RANGE: the call is wrong",
        _C.BUG,
        _V.HIGH,
        _S.RETRY_LATER,
        code="INVALID_ARGUMENT|OUT_OF_RANGE",
        retryable=True,
        remedy="report it with the command and the log",
    ),
    Row(
        "DATA_LOSS: the server's storage is damaged",
        _C.STORAGE,
        _V.CRITICAL,
        _S.RETRY_LATER,
        code="DATA_LOSS",
        retryable=True,
        remedy="stop the server and restore its database",
    ),
    _later("INTERNAL, UNKNOWN and anything else", severity=_V.HIGH, remedy="read the server's log"),
)


def classify_temporal(status: str) -> Failure:
    """Return what an RPC status means, by its name."""
    row = deciding(TABLE, Sign(status))
    assert row is not None, "the last row fits everything"
    return row.failure(status, Source.TEMPORAL)
