"""`/f/{token}`: the link to the form leads to the web application, at the address of the settings and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from relance.adapters.tokens import Purpose
from relance.gateway.links import Links, TooOften, Unknown, token_of
from relance.gateway.needs import Needs
from relance.settings.gateway import TOKEN


def routes(needs: Needs) -> list[BaseRoute]:
    """Return the route of the links to forms."""
    links = Links(needs.tokens, Purpose.SUBMIT, needs.pages, needs.settings.client_rate)
    return [Route("/f/{token:token}", FormLinks(links, needs.settings.form_url).follow)]


@dataclass(frozen=True, slots=True)
class FormLinks:
    """Sends on whoever has a link of ours; the application asks us what its token stands for."""

    links: Links
    form_url: str

    async def follow(self, request: Request) -> Response:
        """Lead to the form. Nothing is recorded: scanners follow links too."""
        try:
            self.links.invitation_of(request)
        except TooOften as error:
            return self.links.too_often(error)
        except Unknown:
            return self.links.unknown(request)
        # A verified token has letters, digits, dots, - and _ alone, so it can name no other place.
        return RedirectResponse(self.form_url.replace(TOKEN, token_of(request)), 303)
