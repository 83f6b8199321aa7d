"""What an HTTP answer, or none, means to us as the client: of Everflow and of the channels."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

from relance.domain.failures.model import Failure, FailureClass, Severity, Source, Strategy
from relance.domain.failures.table import Row, Sign, deciding

TIMEOUT, TLS, DNS, CONNECTION, BAD_ADDRESS = "timeout", "tls", "dns", "connection", "bad-address"
"""The kinds of trouble without an answer; `bad-address`: the URL cannot be used, or must not be called."""

_C, _V, _S = FailureClass, Severity, Strategy
_EVERFLOW, _CHANNEL = (Source.EVERFLOW.value,), (Source.CHANNEL.value,)

_later = partial(Row, class_=_C.TRANSPORT, severity=_V.MEDIUM, strategy=_S.RETRY_LATER, retryable=True)
_throttled = partial(Row, class_=_C.THROTTLED, severity=_V.LOW, strategy=_S.RETRY_AT, retryable=True)
_settings = partial(Row, class_=_C.CONFIGURATION, severity=_V.HIGH, strategy=_S.ALERT, stages=_EVERFLOW)
_unusable = partial(Row, class_=_C.CONFIGURATION, severity=_V.HIGH, strategy=_S.FALL_BACK, stages=_CHANNEL)
_gone = partial(Row, class_=_C.GONE, severity=_V.HIGH, strategy=_S.FALL_BACK)
_refused = partial(Row, class_=_C.DATA, severity=_V.MEDIUM, strategy=_S.FALL_BACK)

_NETWORK = "none if it passes; else look whether the server is up and the way to it open"
_WEBHOOK = "make a new webhook in the chat and put its URL into the settings"
_MESSAGE = "read what the chat answered; `starter.py channels` sends it a trial message"
_ANSWERING = "`starter.py channels` lists the addresses; mend the one that is named"
_BASE_URL = "check RELANCE_EVERFLOW__BASE_URL"

TABLE: tuple[Row, ...] = (
    _throttled("429: too many requests", code="429"),
    _later("408, 425: the server asks to try again", code=r"408|425"),
    _later("503 and any other 5xx", code=r"5\d\d", remedy=_NETWORK),
    _settings(
        "Everflow 400",
        code="400",
        remedy="the request is wrong, or zone and currency do not fit the account",
    ),
    _settings(
        "Everflow 401: the key is not known",
        code="401",
        remedy="check RELANCE_EVERFLOW__API_KEY, and RELANCE_EVERFLOW__BASE_URL if the account is hosted in the EU",
    ),
    _settings(
        "Everflow 403: the key may not",
        code="403",
        remedy="the key must be a network key with permission for reporting",
    ),
    _gone("a channel's 404, 410: it does not exist any more", code=r"404|410", stages=_CHANNEL, remedy=_WEBHOOK),
    _unusable("a channel's 401, 403, 407", code=r"401|403|407", remedy=_WEBHOOK),
    _refused("a channel's other 4xx: not this message", code=r"4\d\d", stages=_CHANNEL, remedy=_MESSAGE),
    _settings("Everflow's other answers", code=r"[1-4]\d\d", remedy=_BASE_URL),
    # No redirect is followed: it could lead where we must not call.
    _unusable("a channel's other answers, also redirects", code=r"[1-3]\d\d", remedy=_ANSWERING),
    _later("no whole answer in time", code=TIMEOUT, remedy=_NETWORK),
    Row(
        "the certificate cannot be trusted, or TLS fails",
        _C.CONFIGURATION,
        _V.CRITICAL,
        _S.RETRY_LATER,
        code=TLS,
        retryable=True,
        remedy="look at the server's certificate and at the system's store of authorities",
    ),
    _later("the name has no address (DNS)", code=DNS, remedy="check the host in the URL, and the machine's resolver"),
    _settings("Everflow's address cannot be used, or must not be called", code=BAD_ADDRESS, remedy=_BASE_URL),
    _unusable("a channel's address cannot be used, or must not be called", code=BAD_ADDRESS, remedy=_ANSWERING),
    _later("no connection, or it broke, or what came is not HTTP", remedy=_NETWORK),
)


def classify_http(code: int | str, source: Source, retry_after: float | None = None) -> Failure:
    """Return what an answer other than 2xx means, or the trouble that came instead of one.

    `code` is the status or a kind of trouble; `retry_after` the seconds that the answer asks us to wait.
    """
    row = deciding(TABLE, Sign(str(code), stage=source.value))
    assert row is not None, "the last row fits everything"
    failure = row.failure(str(code), source)
    if retry_after is None or not failure.retryable:
        return failure
    return replace(failure, strategy=_S.RETRY_AT, pause=timedelta(seconds=retry_after))
