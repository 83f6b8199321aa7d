"""What the pages behind the links in mails share: whose token it is, how often it may be used, in which language.

Wrong, foreign, altered and unknown tokens are answered alike: same status, same page, whatever is the matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from relance.adapters.tokens import LinkTokens, Purpose
from relance.errors import InvalidInput
from relance.gateway.limits.rates import ClientRate, RateLimit
from relance.rendering.pages import PageWriter

LONGEST_TOKEN = 1_000
TOKEN_RATE, TOKEN_BURST = 0.5, 30
"""Requests per second with one token, and at once: a person, a provider and some scanners."""

_BREAKS = re.compile(r"=?\r?\n|[\s\u00ad\u200b-\u200d\u2060\ufeff]")
_CLOSING = "/<>()[]{}\"',;!’”»…"
"""Mail programs, and people who copy a link, add line breaks, spaces and invisible hyphens, and what came after it."""


class _Anything(Convertor[str]):
    """The rest of a path, also of several lines: whatever stands where a token should be answered alike."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("token", _Anything())


class Unknown(Exception):
    """A link that leads nowhere."""


class TooOften(Exception):
    """A client or a token that comes too often; `wait` is in seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__()
        self.wait = wait


@dataclass(slots=True)
class Links:
    """The tokens of one purpose, with their limits."""

    tokens: LinkTokens
    purpose: Purpose
    pages: PageWriter
    client_rate: float
    per_client: ClientRate = field(init=False)
    per_token: RateLimit = field(init=False)

    def __post_init__(self) -> None:
        self.per_client = ClientRate(self.client_rate)
        self.per_token = RateLimit(TOKEN_RATE, TOKEN_BURST)

    def invitation_of(self, request: Request) -> str:
        """Return the invitation that a request's token was signed for.

        Raises:
            TooOften: of this client, or with this token, for now.
            Unknown: we did not sign it for this purpose.
        """
        if wait := self.per_client.wait(request):
            raise TooOften(wait)
        try:
            invitation_id = self.tokens.verify(self.purpose, token_of(request))
        except InvalidInput:
            raise Unknown from None
        # By the invitation: keys of our own make, and as many as there are mails.
        if wait := self.per_token.wait(invitation_id):
            raise TooOften(wait)
        return invitation_id

    def unknown(self, request: Request) -> Response:
        """Answer a link that leads nowhere."""
        return self.page(self.pages.unknown(preferred(request)), 404)

    def too_often(self, error: TooOften) -> Response:
        """Answer somebody who comes too often."""
        return PlainTextResponse("Too many requests", 429, headers={"Retry-After": str(error.wait)})

    def later(self, request: Request) -> Response:
        """Answer while the database does not."""
        page = self.page(self.pages.refused(preferred(request), 503), 503)
        page.headers["Retry-After"] = "10"
        return page

    def page(self, html: str, status: int = 200) -> Response:
        """Return a page of ours, which may do no more than it has to."""
        policy = (
            f"default-src 'none'; style-src '{self.pages.style_hash}'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        )
        return HTMLResponse(html, status, headers={"Content-Security-Policy": policy, "Vary": "Accept-Language"})


def token_of(request: Request) -> str:
    """Return the token of a link, without what a mail program has made of it; what is altered stays altered.

    Raises:
        Unknown: no token is as long.
    """
    said: str = request.path_params["token"]
    if len(said) > LONGEST_TOKEN:
        raise Unknown
    return _BREAKS.sub("", said).rstrip(_CLOSING)


def preferred(request: Request) -> str:
    """Return the language of ours that a browser asks for first; English if it names none (RFC 9110 12.5.4)."""
    return asked_language(request) or "en"


def asked_language(request: Request) -> str | None:
    """Return the language of ours that a browser asks for first; None if it asks for none of them."""
    wanted: list[tuple[float, str]] = []
    for part in request.headers.get("accept-language", "")[:500].lower().split(","):
        language, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            continue
        if language[:2] in {"fr", "en"} and language[2:3] in {"", "-"} and quality > 0:
            wanted.append((-quality, language[:2]))
    return min(wanted, key=lambda choice: choice[0])[1] if wanted else None
