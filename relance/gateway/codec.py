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

from relance.errors import SettingsError
from relance.gateway.limits.bodies import body_of
from relance.gateway.limits.rates import ClientRate
from relance.gateway.needs import CodecNeeds, Needs

PATH: Final = "/codec/decode"
MOST_BYTES: Final = 8 * 1024 * 1024
"""A page of a history has 4 MB at most (the server's limit of a gRPC message), and base64 makes 5.4 MB of it."""

MOST_PAYLOADS: Final = 10_000
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
        if request.method == "OPTIONS":
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=_allowed(origin))
        try:
            return await _decoded(request, codec, per_client, _allowed(origin))
        except HTTPException as refused:
            words = f"{refused.detail}; at most {MOST_BYTES} bytes within the time"
            headers = {**_allowed(origin), **(refused.headers or {})}
            return PlainTextResponse(words, refused.status_code, headers=headers)

    return [Route(PATH, answer, methods=["POST", "OPTIONS"])]


async def _decoded(request: Request, needs: CodecNeeds, rate: ClientRate, headers: dict[str, str]) -> Response:
    if wait := rate.wait(request):
        words = "too many requests"
        return PlainTextResponse(words, HTTPStatus.TOO_MANY_REQUESTS, headers={**headers, "Retry-After": str(wait)})
    # Before the body is read: strangers get no work done.
    if not any([await viewer.may_read(request) for viewer in needs.viewers]):
        words = "sign in at the console in this browser, or bring `Authorization: Bearer TOKEN`"
        return PlainTextResponse(
            words, HTTPStatus.UNAUTHORIZED, headers={**headers, "WWW-Authenticate": "Bearer", "Connection": "close"}
        )
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
        return PlainTextResponse(f"the body must be {_JSON}", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, headers=headers)
    body = await body_of(request, MOST_BYTES)
    try:
        # Megabytes of JSON would hold up everything else on the loop.
        sealed = (await asyncio.to_thread(Parse, body, Payloads())).payloads
    except (ParseError, ValueError, TypeError, AttributeError, RecursionError):
        return PlainTextResponse("the body is no Payloads as JSON", HTTPStatus.BAD_REQUEST, headers=headers)
    if len(sealed) > MOST_PAYLOADS:
        return PlainTextResponse(
            f"at most {MOST_PAYLOADS} payloads", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, headers=headers
        )
    opened = Payloads(payloads=[await _opened(needs.codec, payload) for payload in sealed])
    return Response(await asyncio.to_thread(MessageToJson, opened), media_type=_JSON, headers=headers)


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
