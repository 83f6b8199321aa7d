"""`/o/{token}.gif`: the picture by which it is seen that a mail was opened; the same one for every address."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from relance.adapters.tokens import Purpose
from relance.errors import DependencyUnavailable
from relance.gateway.links import Links, TooOften, Unknown
from relance.gateway.needs import Needs
from relance.services.open_tracking import OpenTracking

PICTURE = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent GIF of one pixel."""


def routes(needs: Needs) -> list[BaseRoute]:
    """Return the route of the pictures; it stays when tracking is off, for mails that were sent before."""
    links = Links(needs.tokens, Purpose.OPEN, needs.pages, needs.settings.client_rate)
    return [Route("/o/{token:token}", OpenPictures(links, needs.open_tracking).show)]


@dataclass(frozen=True, slots=True)
class OpenPictures:
    """Shows the picture whatever happens; what it tells is recorded if it may be."""

    links: Links
    tracking: OpenTracking

    async def show(self, request: Request) -> Response:
        """Return the picture. HEAD fetches nothing, so it opens nothing."""
        if request.method == "GET":
            await self._note(request)
        return Response(PICTURE, media_type="image/gif")

    async def _note(self, request: Request) -> None:
        request.path_params["token"] = request.path_params["token"].removesuffix(".gif")
        try:
            invitation_id = self.links.invitation_of(request)
            await self.tracking.fetched(invitation_id, request.headers.get("user-agent", ""))
        except (TooOften, Unknown, DependencyUnavailable):
            # Nobody who looks at a mail is to see that.
            return
