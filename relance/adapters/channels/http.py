"""The one place from which channels call out: checked destinations, no redirects, small answers, little time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from relance.adapters.channels.destinations import (
    ForbiddenAddressError,
    Resolve,
    check_addresses,
    check_url,
    resolve,
)
from relance.adapters.http_trouble import trouble
from relance.adapters.tracing import span
from relance.domain.failures import FailureClass, Source, classify_http
from relance.domain.failures.http import BAD_ADDRESS
from relance.errors import ChannelError, ChannelGone, ChannelRefused, ChannelUnavailable
from relance.settings.channels import Channels

MOST_BYTES = 64 * 1024
_HEADERS = {"Content-Type": "application/json", "User-Agent": "relance", "Accept-Encoding": "identity"}
_WORD = re.compile(rb"[a-z_]{3,40}")


class GuardedTransport(httpx.AsyncBaseTransport):
    """Resolves a host once, checks what it found, and connects to just that; TLS is still verified for the host.

    `inner` must not keep connections: it sees addresses instead of names, and one connection could serve two names.
    """

    def __init__(
        self, inner: httpx.AsyncBaseTransport, local_hosts: frozenset[str], look_up: Resolve = resolve
    ) -> None:
        self._inner = inner
        self._local_hosts = local_hosts
        self._look_up = look_up

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the first of the host's addresses that accepts a connection.

        Raises:
            ForbiddenAddressError: nothing was connected to.
        """
        url = request.url
        port = url.port or (443 if url.scheme == "https" else 80)
        local = not self._local_hosts.isdisjoint({url.host.lower(), f"{url.host.lower()}:{port}"})
        check_url(url.scheme, url.userinfo, local=local)
        try:
            addresses = await self._look_up(url.raw_host.decode("ascii"), port)
        except OSError:
            raise httpx.ConnectError("the host has no address") from None
        if not local:
            check_addresses(addresses)
        return await self._first_of(addresses, request)

    async def _first_of(self, addresses: list[str], request: httpx.Request) -> httpx.Response:
        request.extensions = {**request.extensions, "sni_hostname": request.url.raw_host.decode("ascii")}
        original = request.url
        failure: httpx.TransportError = httpx.ConnectError("the host has no address")
        for address in addresses:
            request.url = original.copy_with(host=address)
            try:
                return await self._inner.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
            finally:
                request.url = original
        raise failure

    async def aclose(self) -> None:
        """Close what is open."""
        await self._inner.aclose()


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A 2xx answer; `body` at most 64 KiB of it."""

    status: int
    body: bytes


class ChannelHttp:
    """Posts messages for all channels of a process; who made it closes it."""

    def __init__(self, settings: Channels, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._seconds = settings.timeout
        self._timeout = httpx.Timeout(settings.timeout, connect=settings.connect_timeout).as_dict()
        inner = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=20, max_keepalive_connections=0))
        # No client on top: it would log every URL, keep cookies and read proxies from the environment.
        self._transport = transport or GuardedTransport(inner, settings.local_host_names)

    async def post(self, channel: str, url: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        """Post JSON and return the answer.

        Raises:
            ChannelUnavailable: 408, 425, 429, 5xx, no answer in time; with the answer's Retry-After.
            ChannelRefused: any other answer but 2xx, or a destination that must not be called.
            ChannelGone: 404, 410.
        """
        try:
            # Neither URL nor host: a webhook's address is a secret.
            with span("HTTP POST", {"http.request.method": "POST", "peer.service": channel}) as calling:
                async with asyncio.timeout(self._seconds):
                    answer = await self._exchange(channel, url, body, headers)
                calling.set_attribute("http.response.status_code", answer.status)
                return answer
        except ForbiddenAddressError as error:
            raise _failure(channel, BAD_ADDRESS, str(error)) from None
        except httpx.InvalidURL as error:
            raise _failure(channel, trouble(error), "the destination is not a usable URL") from None
        except (httpx.TimeoutException, TimeoutError) as error:
            raise _failure(channel, trouble(error), "no answer in time") from None
        except httpx.HTTPError as error:
            # Its text may hold the URL, and a webhook's URL is a secret.
            raise _failure(channel, trouble(error), f"no answer ({type(error).__name__})") from None

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def _exchange(self, channel: str, url: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        request = httpx.Request(
            "POST", url, content=body, headers={**_HEADERS, **headers}, extensions={"timeout": self._timeout}
        )
        response = await self._transport.handle_async_request(request)
        try:
            text = await _read(response)
        finally:
            await response.aclose()
        if response.is_success:
            return HttpAnswer(response.status_code, text)
        # Slack names the reason in one word, `channel_is_archived`; longer texts are not ours to pass on.
        word = f" {text.decode()}" if _WORD.fullmatch(text) else ""
        wait = retry_after(response.headers, datetime.now(UTC))
        raise _failure(channel, response.status_code, f"it answered {response.status_code}{word}", wait)


async def _read(response: httpx.Response) -> bytes:
    read = b""
    async for chunk in response.aiter_raw():
        read += chunk
        if len(read) > MOST_BYTES:
            break
    return read[:MOST_BYTES]


def _failure(channel: str, code: int | str, detail: str, wait: float | None = None) -> ChannelError:
    failure = classify_http(code, Source.CHANNEL)
    if failure.class_ is FailureClass.GONE:
        return ChannelGone(channel, detail, code=failure.code)
    if failure.retryable:
        return ChannelUnavailable(channel, detail, wait, code=failure.code)
    return ChannelRefused(channel, detail, code=failure.code)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that Retry-After asks for, as a number or a date by the server's own clock (RFC 9110)."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,3})?", text):
        return float(text)
    date = _http_date(text)
    if date is None:
        return None
    return max(0.0, (date - (_http_date(headers.get("date", "")) or now)).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
