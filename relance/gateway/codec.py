"""`POST /codec/decode`: Temporal Web and the `temporal` command read encrypted payloads through here (SPEC O3).

The protocol is that of Temporal's codec servers: `Payloads` as JSON in and out. `https://<this gateway>/codec` is the
codec endpoint. There is no `/encode`: nobody needs this gateway to write under our key.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from google.protobuf.json_format import MessageToJson, Parse, ParseError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import PayloadCodec

from relance.concurrency import stepwise
from relance.errors import DependencyUnavailable, SettingsError
from relance.gateway.limits.bodies import body_of, json_parts
from relance.gateway.limits.rates import ClientRate
from relance.gateway.needs import CodecNeeds, Needs, Viewer

PATH: Final = "/codec/decode"
MOST_BYTES: Final = 8 * 1024 * 1024
"""A page of a history has 4 MB at most (the server's limit of a gRPC message), and base64 makes 5.4 MB of it."""

MOST_PAYLOADS: Final = 10_000
MOST_PARTS: Final = 10 * MOST_PAYLOADS
"""An encrypted payload has six."""

RETRY_AFTER_S: Final = "10"
_JSON = "application/json"
_PREFLIGHT_S = 600
_HEADERS = "authorization, content-type, x-namespace"


@dataclass(frozen=True, slots=True)
class TokenViewer:
    """Lets those in who bring one of these tokens (`temporal --codec-auth "Bearer TOKEN"`)."""

    tokens: Sequence[bytes] = field(repr=False)

    async def may_read(self, request: Request) -> bool:
        """Return whether a request brings a token."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        text = given.strip().encode("utf-8", "surrogateescape")
        found = sum(hmac.compare_digest(token, text) for token in self.tokens)
        return scheme.lower() == "bearer" and found > 0


def routes(needs: Needs) -> list[BaseRoute]:
    """Return the route; none without a codec key or without anybody who may read."""
    codec = needs.codec
    if codec is None or not codec.viewers:
        return []
    per_client = ClientRate(needs.settings.client_rate)

    async def answer(request: Request) -> Response:
        origin = request.headers.get("origin")
        if origin is not None and origin not in codec.origins:
            return PlainTextResponse("this page may not ask; see RELANCE_GATEWAY__CODEC_ORIGINS", HTTPStatus.FORBIDDEN)
        allowed = _allowed(origin)
        if request.method == "OPTIONS":
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=allowed)
        try:
            return Response(await _decoded(request, codec, per_client), media_type=_JSON, headers=allowed)
        except HTTPException as refused:
            headers = {**allowed, **(refused.headers or {})}
            return PlainTextResponse(refused.detail, refused.status_code, headers=headers)
        except DependencyUnavailable as away:
            words = f"who is signed in cannot be looked up: {away.dependency} does not answer"
            headers = {**allowed, "Retry-After": RETRY_AFTER_S}
            return PlainTextResponse(words, HTTPStatus.SERVICE_UNAVAILABLE, headers=headers)

    return [Route(PATH, answer, methods=["POST", "OPTIONS"])]


async def _decoded(request: Request, needs: CodecNeeds, rate: ClientRate) -> str:
    if wait := rate.wait(request):
        raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, "too many requests", {"Retry-After": str(wait)})
    # Before the body is read: strangers get no work done.
    if not await _may_read(needs.viewers, request):
        words = "sign in at the console in this browser, or bring `Authorization: Bearer TOKEN`"
        raise HTTPException(HTTPStatus.UNAUTHORIZED, words, {"WWW-Authenticate": "Bearer", "Connection": "close"})
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the body must be {_JSON}")
    try:
        body = await body_of(request, MOST_BYTES)
    except HTTPException as refused:
        words = f"{refused.detail}; at most {MOST_BYTES} bytes within the time"
        raise HTTPException(refused.status_code, words, refused.headers) from None
    opened = [await _opened(needs.codec, payload) async for payload in stepwise(await _payloads(body))]
    return await asyncio.to_thread(MessageToJson, Payloads(payloads=opened))


async def _payloads(body: bytes) -> Sequence[Payload]:
    too_many = HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {MOST_PAYLOADS} payloads")
    if json_parts(body) > MOST_PARTS:
        raise too_many
    try:
        # Megabytes of JSON would hold up everything else on the loop.
        found = (await asyncio.to_thread(Parse, body, Payloads())).payloads
    except (ParseError, ValueError, TypeError, AttributeError, RecursionError):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "the body is no Payloads as JSON") from None
    if len(found) > MOST_PAYLOADS:
        raise too_many
    return found


async def _may_read(viewers: Sequence[Viewer], request: Request) -> bool:
    # One after the other: who brings a token reads while the database with the sign-ins is away.
    for viewer in viewers:
        if await viewer.may_read(request):
            return True
    return False


async def _opened(codec: PayloadCodec, payload: Payload) -> Payload:
    """Open a payload; one under a key we lack becomes a sentence that says so, and the others are shown."""
    try:
        return (await codec.decode([payload]))[0]
    except SettingsError as lacking:
        return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(str(lacking)).encode())


def _allowed(origin: str | None) -> dict[str, str]:
    if origin is None:
        return {"Vary": "Origin"}
    return {
        "Vary": "Origin",
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": _HEADERS,
        "Access-Control-Max-Age": str(_PREFLIGHT_S),
    }
