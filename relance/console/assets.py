"""The style, the script and the mark: files of this package, under names that change with their content."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from relance.console.security import HEADERS

TYPES: Final = {
    "console.css": "text/css",
    "console.js": "text/javascript",
    "chat.css": "text/css",
    "chat.js": "text/javascript",
    "mark.svg": "image/svg+xml",
}
FOREVER: Final = "public, max-age=31536000, immutable"


@cache
def content(name: str) -> bytes:
    """Return a file."""
    return (files("relance.console") / "static" / name).read_bytes()


@cache
def address(name: str) -> str:
    """Return where a browser finds a file as it is now."""
    return f"/console/static/{name}?v={hashlib.sha256(content(name)).hexdigest()[:12]}"


async def answer(request: Request) -> Response:
    """Answer with a file."""
    name = request.path_params["name"]
    if name not in TYPES:
        raise HTTPException(404)
    headers = {**HEADERS, "Cache-Control": FOREVER if "v" in request.query_params else "no-cache"}
    return Response(content(name), media_type=TYPES[name], headers=headers)
