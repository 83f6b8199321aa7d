"""The doctor's probe of the unsubscribe links: a token of a purpose of its own, which changes nothing (SPEC G2).

The holder of such a token learns that this gateway has the key it was signed with, and nothing else.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from relance.adapters.tokens import LinkTokens, Purpose
from relance.errors import InvalidInput

HEADER = "Relance-Probe"
"""Holds what the token was signed for, so that a cached answer to another probe is recognised."""
LONGEST_TOKEN = 200


def probe_answer(request: Request, tokens: LinkTokens) -> Response | None:
    """Return the answer to a probe, the same to GET and POST but for the method it names; None if it is no probe."""
    token = request.path_params["token"]
    if len(token) > LONGEST_TOKEN:
        return None
    try:
        nonce = tokens.verify(Purpose.PROBE, token)
    except InvalidInput:
        return None
    headers = {HEADER: f"{request.method} {nonce}", "Cache-Control": "no-store"}
    return PlainTextResponse("This is a probe; nothing has changed.", headers=headers)
