"""Who may speak to the API: messages are signed (Standard Webhooks), questions bring a key (RFC 6750).

A signature covers the body and no address, so it cannot stand for a question: that is why those bring a key instead.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request

from relance.adapters import webhook_signatures
from relance.errors import InvalidInput
from relance.gateway.api.problems import Problem
from relance.gateway.limits.bodies import body_of
from relance.ports import Clock

MOST_BYTES = 512 * 1024
"""A thousand events by token take 250 KiB."""
_JSON = "application/json"
_WORDS = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"a body has {MOST_BYTES} bytes at most; send the events in several messages",
    HTTPStatus.REQUEST_TIMEOUT: "the body did not come in time",
}


async def signed_message(request: Request, keys: Sequence[bytes], clock: Clock) -> tuple[str, bytes]:
    """Return the id and the body of a message that was signed by the application.

    Raises:
        Problem: it was not, or is too large, or no JSON.
    """
    try:
        identifier = webhook_signatures.claimed_id(request.headers, clock.now())
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the body must be {_JSON}")
        if request.headers.get("content-encoding", "identity").strip().lower() not in {"identity", ""}:
            # RFC 9110 12.5.3: what is taken instead.
            plain = {"Accept-Encoding": "identity"}
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body must not be compressed", headers=plain)
        body = await _body(request)
        webhook_signatures.check(keys, request.headers, body)
    except InvalidInput as wrong:
        raise Problem(HTTPStatus.UNAUTHORIZED, f"{wrong.field}: {wrong.reason}; {wrong.remedy}") from None
    return identifier, body


def check_key(request: Request, keys: Sequence[bytes]) -> None:
    """Make sure that a question brings one of the keys.

    Raises:
        Problem: it does not.
    """
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    text = given.strip().encode("utf-8", "surrogateescape")
    found = sum(hmac.compare_digest(key, text) for key in keys)
    if scheme.lower() != "bearer" or not found:
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "a key of ours is needed, as `Authorization: Bearer KEY`",
            headers={"WWW-Authenticate": "Bearer"},
        )


async def _body(request: Request) -> bytes:
    try:
        return await body_of(request, MOST_BYTES)
    except HTTPException as refused:
        words = _WORDS[HTTPStatus(refused.status_code)]
        raise Problem(HTTPStatus(refused.status_code), words, headers={"Connection": "close"}) from None
