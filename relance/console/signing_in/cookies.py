"""The cookies of the console. Of the session only a secret is in the browser; what it stands for is in the database."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

SESSION, BEGUN, LANGUAGE, ZONE = "relance_session", "relance_begun", "relance_language", "relance_zone"
YEAR: Final = timedelta(days=365)


def is_encrypted(request: Request) -> bool:
    """Return whether the browser sees https; behind a trusted proxy its header says so."""
    return request.url.scheme == "https"


def read(request: Request, name: str) -> str:
    """Return a cookie that only we can have set; empty if there is none."""
    return request.cookies.get(_name(request, name), "")[:200]


def put(request: Request, response: Response, name: str, value: str, age: timedelta) -> None:
    """Set a cookie that no script reads and no other site sends with a form."""
    response.set_cookie(
        _name(request, name),
        value,
        max_age=int(age.total_seconds()),
        path="/",
        secure=is_encrypted(request),
        httponly=True,
        samesite="lax",
    )


def drop(request: Request, response: Response, name: str) -> None:
    """Take a cookie away."""
    response.delete_cookie(_name(request, name), path="/", secure=is_encrypted(request), httponly=True, samesite="lax")


def _name(request: Request, name: str) -> str:
    # A cookie of this prefix comes from this very host, over https (RFC 6265bis 4.1.3.2).
    return f"__Host-{name}" if is_encrypted(request) else name
