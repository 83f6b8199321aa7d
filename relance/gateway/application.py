"""The web application: the routes of every module, and the same careful headers on every answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from relance.gateway import attachments, codec, forms, health, opens, unsubscribe
from relance.gateway.api import routes as api
from relance.gateway.api.problems import Problem
from relance.gateway.headers import SAFE
from relance.gateway.limits.guard import Guard
from relance.gateway.needs import Needs
from relance.gateway.slack import routes as slack
from relance.gateway.webhooks import routes as webhooks

RouteModule: TypeAlias = Callable[[Needs], Sequence[BaseRoute]]

MODULES: Sequence[RouteModule] = (
    health.routes,
    attachments.routes,
    unsubscribe.routes,
    forms.routes,
    opens.routes,
    webhooks.routes,
    slack.routes,
    api.routes,
    codec.routes,
)
"""A module returns no routes where the settings switch it off."""

_WORDS = {
    400: "Bad request",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    413: "Too large",
    429: "Too many requests",
    503: "Try again later",
}


def application(needs: Needs, modules: Sequence[RouteModule] = MODULES) -> Starlette:
    """Return the application with the routes of these modules."""
    app = Starlette(
        routes=[route for module in modules for route in module(needs)],
        middleware=[Middleware(Guard)],
        exception_handlers={HTTPException: _refused, Exception: _broken},
    )
    # A request for another path is not redirected: a redirect would reveal something.
    app.router.redirect_slashes = False
    return app


def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if request.url.path.startswith("/api/"):
        return Problem(HTTPStatus(error.status_code), error.detail, headers=error.headers).response()
    words = _WORDS.get(error.status_code, error.detail)
    return PlainTextResponse(words, error.status_code, headers={**(error.headers or {}), **SAFE})


def _broken(_: Request, __: Exception) -> Response:
    # The server logs the traceback; the client gets none of it.
    return PlainTextResponse("Internal error", 500, headers={**SAFE, "Cache-Control": "no-store"})
