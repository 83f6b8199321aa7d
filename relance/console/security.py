"""What every answer of the console says to the browser, and what every form has to prove."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from relance.gateway.limits.bodies import body_of
from relance.ports.console import ConsoleSession

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}
DOCUMENT_HEADERS: Final[Mapping[str, str]] = {
    **HEADERS,
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'self'; form-action 'none'; base-uri 'none'",
    "X-Frame-Options": "SAMEORIGIN",
}
"""Of a document in a frame of ours: it has styles within, an origin of its own, and can do nothing."""
FORM_BYTES: Final = 64 * 1024
MOST_FIELDS: Final = 200


class Forged(Exception):
    """A form did not come from a page of this session."""


async def form_of(request: Request, session: ConsoleSession | None) -> dict[str, str]:
    """Return the fields of a form that came from a page of ours, and of this session if there is one.

    Raises:
        Forged: it did not.
        HTTPException: it is too large or no form.
    """
    check_origin(request)
    body = await body_of(request, FORM_BYTES)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "a form is expected")
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise HTTPException(400, "this form cannot be read") from None
    given = fields.pop("csrf", "")
    if session is not None and not hmac.compare_digest(given.encode("utf-8", "replace"), session.csrf.encode()):
        raise Forged
    return fields


def check_origin(request: Request) -> None:
    """Make sure that a browser says the request comes from a page of this very origin.

    Raises:
        Forged: it says otherwise, or nothing.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site != "same-origin":
        raise Forged
    if origin is None and site is None:
        raise Forged
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise Forged
