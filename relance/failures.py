"""From an exception to its place in the taxonomy: `failure_of`; every class of `relance.errors` has one (SPEC X1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from pydantic import ValidationError

from relance.domain.failures import (
    TRANSPORT,
    UNABLE,
    UNCERTAIN,
    UNTRUSTED,
    Failure,
    FailureClass,
    Row,
    Severity,
    Source,
    Strategy,
    classify_http,
    classify_mongodb,
    classify_smtp,
    classify_temporal,
)
from relance.errors import (
    ChannelError,
    ChannelGone,
    ChannelRefused,
    ChannelUnavailable,
    DependencyUnavailable,
    InvalidInput,
    MailError,
    MailRefused,
    MailUncertain,
    NobodyAnswers,
    NotFound,
    RelanceError,
    ReportError,
    ReportRefused,
    ReportUnavailable,
    ReportUnusable,
    SettingsError,
)

_C, _V, _S = FailureClass, Severity, Strategy
_RELAY = {failure.code: failure for failure in (TRANSPORT, UNTRUSTED, UNABLE)}
_SOURCES = {
    "relay": Source.SMTP,
    "MongoDB": Source.MONGODB,
    "Temporal": Source.TEMPORAL,
    "Everflow": Source.EVERFLOW,
}

ROWS: Mapping[type[Exception], tuple[Source, Row]] = {
    RelanceError: (Source.CODE, Row("any error of ours without a row", _C.BUG, _V.HIGH, _S.REJECT)),
    SettingsError: (
        Source.INPUT,
        Row("a setting cannot be used", _C.CONFIGURATION, _V.CRITICAL, _S.REJECT, remedy="change the setting it names"),
    ),
    InvalidInput: (
        Source.INPUT,
        Row("a value from outside is wrong", _C.DATA, _V.LOW, _S.REJECT, remedy="the message says what to change"),
    ),
    NotFound: (Source.INPUT, Row("what was asked for does not exist", _C.GONE, _V.LOW, _S.REJECT)),
    DependencyUnavailable: (
        Source.CODE,
        Row(
            "a server does not answer, and it is not known why",
            _C.TRANSPORT,
            _V.MEDIUM,
            _S.RETRY_LATER,
            retryable=True,
            remedy="`starter.py doctor` tries every connection",
        ),
    ),
    NobodyAnswers: (
        Source.TEMPORAL,
        Row(
            "a workflow runs and no worker answers for it just now",
            _C.TRANSPORT,
            _V.MEDIUM,
            _S.RETRY_LATER,
            retryable=True,
            remedy="look whether workers run",
        ),
    ),
    MailError: (Source.SMTP, Row("a mail was not accepted", _C.TRANSPORT, _V.MEDIUM, _S.RETRY_LATER, retryable=True)),
    MailRefused: (Source.SMTP, Row("the relay's reply decides", _C.SENDER_FAULT, _V.MEDIUM, _S.GIVE_UP)),
    MailUncertain: (
        Source.SMTP,
        Row("no reply to the data", UNCERTAIN.class_, UNCERTAIN.severity, UNCERTAIN.strategy, retryable=True),
    ),
    ReportError: (Source.EVERFLOW, Row("there is no report", _C.DATA, _V.MEDIUM, _S.RETRY_LATER, retryable=True)),
    ReportUnavailable: (
        Source.EVERFLOW,
        Row("Everflow does not answer", _C.TRANSPORT, _V.MEDIUM, _S.RETRY_LATER, retryable=True),
    ),
    ReportRefused: (
        Source.EVERFLOW,
        Row(
            "Everflow refuses, or was not even asked",
            _C.CONFIGURATION,
            _V.HIGH,
            _S.ALERT,
            remedy="`starter.py doctor` names the setting",
        ),
    ),
    ReportUnusable: (
        Source.EVERFLOW,
        Row(
            "the report cannot be judged by: an alert of its own, never of its figures (SPEC W4)",
            _C.DATA,
            _V.MEDIUM,
            _S.RETRY_LATER,
            retryable=True,
            remedy="if it lasts, ask Everflow about the reason that is named",
        ),
    ),
    ChannelError: (
        Source.CHANNEL,
        Row("a message did not arrive", _C.TRANSPORT, _V.MEDIUM, _S.RETRY_LATER, retryable=True),
    ),
    ChannelUnavailable: (
        Source.CHANNEL,
        Row("the channel takes nothing now", _C.TRANSPORT, _V.MEDIUM, _S.RETRY_LATER, retryable=True),
    ),
    ChannelRefused: (Source.CHANNEL, Row("the channel refuses the message", _C.DATA, _V.MEDIUM, _S.FALL_BACK)),
    ChannelGone: (
        Source.CHANNEL,
        Row(
            "the channel does not exist any more",
            _C.GONE,
            _V.HIGH,
            _S.FALL_BACK,
            remedy="give the settings a new address for it",
        ),
    ),
    ValidationError: (
        Source.CODE,
        Row(
            "a payload does not fit its model (documents that do not are quarantined one by one)",
            _C.DATA,
            _V.HIGH,
            _S.RETRY_LATER,
            retryable=True,
            remedy="report it",
        ),
    ),
    Exception: (
        Source.CODE,
        Row(
            "anything nobody thought of",
            _C.BUG,
            _V.HIGH,
            _S.RETRY_LATER,
            retryable=True,
            remedy="report it with the log",
        ),
    ),
}
"""What an exception means by itself; a code that it carries is looked up in the table of its source first."""


def failure_of(error: BaseException) -> Failure:
    """Return class, severity and strategy of any error; one without a row is a bug."""
    return _by_code(error) or _by_type(error)


def origin(error: BaseException) -> BaseException:
    """Return the error of ours that another one was made of, or else the error itself."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, RelanceError | ValidationError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return error


def _by_code(error: BaseException) -> Failure | None:
    match error:
        case MailRefused():
            return classify_smtp(error.code, error.text, error.stage)
        case MailUncertain():
            return UNCERTAIN
        case ReportError() | ChannelError():
            return _of_answer(error)
        case DependencyUnavailable() if error.code:
            return _of_dependency(error)
    return None


def _of_answer(error: ReportError | ChannelError) -> Failure | None:
    match error:
        case ReportUnavailable() if error.code:
            return classify_http(error.code, Source.EVERFLOW, error.retry_after)
        case ReportRefused() if error.status is not None:
            return classify_http(error.status, Source.EVERFLOW)
        case ChannelUnavailable() if error.code:
            return classify_http(error.code, Source.CHANNEL, error.retry_after)
        case ChannelError() if error.code:
            return classify_http(error.code, Source.CHANNEL)
    return None


def _of_dependency(error: DependencyUnavailable) -> Failure | None:
    match _SOURCES.get(error.dependency):
        case Source.MONGODB:
            number = int(error.code) if error.code.isdecimal() else None
            return classify_mongodb(number, error.code)
        case Source.TEMPORAL:
            return classify_temporal(error.code)
        case Source.SMTP:
            return _RELAY.get(error.code)
    return None


def _by_type(error: BaseException) -> Failure:
    kind = next((class_ for class_ in type(error).__mro__ if class_ in ROWS), Exception)
    source, row = ROWS[kind]
    if isinstance(error, DependencyUnavailable):
        source = _SOURCES.get(error.dependency, source)
    failure = row.failure(type(error).__name__, source)
    if isinstance(error, ReportUnavailable | ChannelUnavailable) and error.retry_after is not None:
        return replace(failure, strategy=Strategy.RETRY_AT, pause=timedelta(seconds=error.retry_after))
    return failure
