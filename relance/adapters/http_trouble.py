"""The kind of trouble that came instead of an HTTP answer, in the words of `domain.failures.http`."""

from __future__ import annotations

import socket
import ssl

import httpx

from relance.domain.failures.http import BAD_ADDRESS, CONNECTION, DNS, TIMEOUT, TLS


def trouble(error: BaseException) -> str:
    """Return the kind; httpx wraps what the socket or TLS said, so the causes are looked at too."""
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return TIMEOUT
    if isinstance(error, httpx.InvalidURL):
        return BAD_ADDRESS
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return TLS
        if isinstance(cause, socket.gaierror):
            return DNS
        cause = cause.__cause__ or cause.__context__
    return CONNECTION
