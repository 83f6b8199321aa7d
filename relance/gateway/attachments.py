"""`GET /attachments/{token}`: a picture of a message, for anybody with its link."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from relance.errors import DependencyUnavailable, InvalidInput
from relance.gateway.headers import SAFE
from relance.gateway.limits.rates import ClientRate
from relance.gateway.needs import Needs, VerifyAttachment
from relance.ports import Attachments

LONGEST_TOKEN = 1_000
MOST_BYTES = 2_000_000
# What a browser draws and never runs.
SHOWN_TYPES = frozenset({"image/png"})


def routes(needs: Needs) -> list[BaseRoute]:
    """Return the route of the pictures."""
    per_client = ClientRate(needs.settings.client_rate)
    return [Route("/attachments/{token}", AttachmentPages(needs.attachments, needs.verify_attachment, per_client).show)]


@dataclass(frozen=True, slots=True)
class AttachmentPages:
    """Shows what was stored; a wrong link, a missing file and one that must not be shown look the same."""

    attachments: Attachments
    verify: VerifyAttachment
    per_client: ClientRate

    async def show(self, request: Request) -> Response:
        """Return the picture."""
        if wait := self.per_client.wait(request):
            raise HTTPException(429, headers={"Retry-After": str(wait)})
        token = request.path_params["token"]
        if len(token) > LONGEST_TOKEN:
            raise HTTPException(404)
        try:
            found = await self.attachments.read(*self.verify(token))
        except InvalidInput:
            raise HTTPException(404) from None
        except DependencyUnavailable:
            raise HTTPException(503, headers={"Retry-After": "10"}) from None
        if found is None or found.content_type not in SHOWN_TYPES or len(found.content) > MOST_BYTES:
            raise HTTPException(404)
        return Response(
            found.content,
            media_type=found.content_type,
            headers={
                **SAFE,
                "Content-Disposition": f"inline; filename*=UTF-8''{quote(found.filename, safe='.-_')}",
                "Cache-Control": "private, max-age=86400",
            },
        )
