"""Errors as problem details (RFC 9457); nothing of a request is quoted."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from relance.errors import DependencyUnavailable
from relance.gateway.headers import SAFE
from relance.gateway.limits.rates import ClientRate

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = "5"
MOST_ERRORS = 20
"""Of one document or event: an answer is kept for 30 days, and each unknown field of a body is an error of its own."""
_TOO_OFTEN = "too many requests of this address; nothing is lost if it is said again, and a message holds many events"


class Problem(Exception):
    """A request that is not done: the status, and what is wrong, for the author of the client.

    `errors` name the fields that are wrong, as JSON pointers (RFC 6901).
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}

    def response(self) -> Response:
        """Return what is answered."""
        body: dict[str, Any] = {
            # No page explains more than the status itself does (RFC 9457 section 4.2.1).
            "type": "about:blank",
            "title": self.status.phrase,
            "status": int(self.status),
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = list(self.errors)
        headers = {**SAFE, "Cache-Control": "no-store", **self.headers}
        return Response(json.dumps(body), self.status, media_type=MEDIA_TYPE, headers=headers)


Endpoint = Callable[[Request], Awaitable[Response]]


def answering_problems(endpoint: Endpoint, per_client: ClientRate) -> Endpoint:
    """Have an endpoint answer problems: a client that comes too often and a database that is away are to come again."""

    @wraps(endpoint)
    async def answer(request: Request) -> Response:
        if wait := per_client.wait(request):
            return Problem(HTTPStatus.TOO_MANY_REQUESTS, _TOO_OFTEN, headers={"Retry-After": str(wait)}).response()
        try:
            return await endpoint(request)
        except Problem as problem:
            return problem.response()
        except DependencyUnavailable:
            again = {"Retry-After": RETRY_AFTER_S}
            return Problem(
                HTTPStatus.SERVICE_UNAVAILABLE, "not just now; nothing is lost if it is said again", headers=again
            ).response()

    return answer


def pointers(error: ValidationError, prefix: str = "") -> list[dict[str, str]]:
    """Return where a document is wrong and why, without its values; the first 20 places."""
    found = error.errors(include_url=False, include_input=False, include_context=False)[:MOST_ERRORS]
    return [
        {"pointer": prefix + "".join(f"/{_escaped(step)}" for step in fault["loc"]), "detail": fault["msg"]}
        for fault in found
    ]


def _escaped(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
