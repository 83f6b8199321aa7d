"""The web application: one route, and the same careful headers on every answer."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from relance.gateway.attachments import AttachmentPages, Verify
from relance.gateway.headers import SAFE
from relance.ports import Attachments

_WORDS = {404: "Not found", 405: "Method not allowed", 503: "Try again later"}


def application(attachments: Attachments, verify: Verify) -> Starlette:
    """Return the application; `verify` returns the message key and the file name a token was signed for."""
    pages = AttachmentPages(attachments, verify)
    app = Starlette(
        routes=[Route("/attachments/{token}", pages.show)],
        exception_handlers={HTTPException: _refused},
    )
    # Whoever asks for something else learns nothing from being sent elsewhere.
    app.router.redirect_slashes = False
    return app


def _refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return PlainTextResponse(_WORDS[error.status_code], error.status_code, headers={**(error.headers or {}), **SAFE})
