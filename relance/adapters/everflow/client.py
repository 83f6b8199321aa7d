"""HTTP with Everflow, and nothing of what the answers mean.

There is no retry here: Temporal retries, and the errors say when.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

import httpx

from relance import __version__
from relance.adapters.breaker import Breaker, BreakerVerdict
from relance.adapters.everflow import answers
from relance.adapters.http_trouble import trouble
from relance.adapters.tracing import span
from relance.domain.failures import Source, classify_http
from relance.domain.failures.http import TIMEOUT
from relance.errors import ReportRefused, ReportUnavailable, ReportUnusable
from relance.settings.everflow import Everflow
from relance.settings.loopback import LOOPBACK

NAME = "Everflow"
# 10,000 rows are about 12 MB.
MOST_BYTES = 48 * 1024 * 1024
_TOO_MANY = 429


class EverflowClient:
    """The connections to Everflow of this process; the caller that opened it closes it."""

    def __init__(self, settings: Everflow, breaker: Breaker) -> None:
        self._breaker = breaker
        self._has_key = settings.api_key is not None
        self._timeout = settings.timeout
        self._rate_window = settings.rate_window
        self._turns = asyncio.Semaphore(settings.calls_at_once)
        self._open_again = 0.0
        self._http = httpx.AsyncClient(
            base_url=settings.base_url,
            timeout=settings.timeout,
            follow_redirects=False,
            trust_env=urlsplit(settings.base_url).hostname not in LOOPBACK,
            headers={
                "X-Eflow-API-Key": settings.api_key.get_secret_value() if settings.api_key else "",
                "Accept": "application/json",
                "User-Agent": f"relance/{__version__}",
            },
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ask(self, method: str, path: str, *, body: Any = None, query: Mapping[str, int] | None = None) -> Any:
        """Return an answer's JSON; waits while as many calls as allowed are under way.

        Raises:
            ReportUnavailable: 429, 5xx, no answer in time; or we do not ask, because the allowance of the present
                window is used up or the breaker is open.
            ReportRefused: any other refusal, also 400 `Internal error`, which is how Everflow calls a bad request.
            ReportUnusable: 200 without usable JSON, or with an error in it.
        """
        if not self._has_key:
            raise ReportRefused("there is no key for Everflow; set RELANCE_EVERFLOW__API_KEY")
        async with self._turns:
            wait = self._open_again - time.monotonic()
            if wait > 0:
                raise ReportUnavailable(
                    NAME, "the rate limit is used up", code=str(_TOO_MANY), retry_after=wait, remaining=0
                )
            attributes = {"http.request.method": method, "peer.service": NAME}
            with self._breaker.call(_verdict, _left_alone), span(f"HTTP {method}", attributes) as calling:
                status, headers, content = await self._exchange(method, path, body, query)
                calling.set_attribute("http.response.status_code", status)
                if status != 200:
                    self._refuse(status, headers, content, path)
        # Some megabytes take a noticeable time (SPEC C15).
        data = await asyncio.to_thread(answers.parse, content)
        said = answers.error_in(data)
        if said is not None:
            raise ReportUnusable("error_body", f"{path} answered 200 with the error: {said}")
        return data

    async def _exchange(
        self, method: str, path: str, body: Any, query: Mapping[str, int] | None
    ) -> tuple[int, httpx.Headers, bytes]:
        try:
            # httpx limits each read; a server that trickles would never end.
            async with (
                asyncio.timeout(self._timeout),
                self._http.stream(method, path, json=body, params=query) as answer,
            ):
                self._note(answer.headers)
                return answer.status_code, answer.headers, await _content(answer)
        except TimeoutError:
            raise ReportUnavailable(NAME, f"{path}: no whole answer within {self._timeout:g} s", code=TIMEOUT) from None
        except httpx.HTTPError as error:
            raise ReportUnavailable(NAME, f"{path}: {type(error).__name__}", code=trouble(error)) from None

    def _note(self, headers: httpx.Headers) -> None:
        if answers.rate(headers)[1] == 0:
            self._open_again = time.monotonic() + (answers.retry_after(headers, datetime.now(UTC)) or self._rate_window)

    def _refuse(self, status: int, headers: httpx.Headers, content: bytes, path: str) -> NoReturn:
        said = f"{path} answered {status}: {answers.error_text(content)}"
        failure = classify_http(status, Source.EVERFLOW)
        if failure.retryable:
            wait = answers.retry_after(headers, datetime.now(UTC))
            if wait is None and status == _TOO_MANY:
                wait = self._rate_window
            limit, remaining = answers.rate(headers)
            raise ReportUnavailable(NAME, said, code=failure.code, retry_after=wait, limit=limit, remaining=remaining)
        raise ReportRefused(f"Everflow refuses: {said}; {failure.remedy}", status)


def _verdict(error: Exception) -> BreakerVerdict:
    # 429 is a server that works, and the wait it asks for is kept anyway.
    is_failure = isinstance(error, ReportUnavailable) and error.code != str(_TOO_MANY)
    return BreakerVerdict.FAILURE if is_failure else BreakerVerdict.SUCCESS


def _left_alone(detail: str, seconds: float) -> ReportUnavailable:
    return ReportUnavailable(NAME, detail, retry_after=seconds)


async def _content(answer: httpx.Response) -> bytes:
    content = bytearray()
    async for part in answer.aiter_bytes():
        content += part
        if len(content) > MOST_BYTES:
            raise ReportUnusable("too_large", f"more than {MOST_BYTES} bytes")
    return bytes(content)
