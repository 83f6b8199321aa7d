"""The routes of the API; without keys in the settings there are none."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from relance.contracts.event_api import EVENTS, INVITATION, PREFERENCES, TOKEN
from relance.gateway.api.lookups import Lookups
from relance.gateway.api.messages import Messages
from relance.gateway.api.openapi import PATH as DOCUMENT
from relance.gateway.api.openapi import document
from relance.gateway.api.problems import answering_problems
from relance.gateway.headers import SAFE
from relance.gateway.limits.rates import ClientRate
from relance.gateway.needs import Needs
from relance.services.event_service import EventService


def routes(needs: Needs) -> list[BaseRoute]:
    """Return the routes for which there are keys, and the document that describes all of them."""
    found: list[BaseRoute] = []
    # Before a signature is looked at: that takes the whole body.
    per_client = ClientRate(needs.settings.api_rate)
    if keys := needs.settings.signing_keys:
        messages = Messages(needs, EventService(needs.events, needs.inbox, needs.outbox), keys)
        found += [
            Route(EVENTS, answering_problems(messages.events, per_client), methods=["POST"]),
            Route(PREFERENCES, answering_problems(messages.preferences_changed, per_client), methods=["POST"]),
        ]
    if needs.settings.api_keys is not None:
        lookups = Lookups(needs, needs.settings.api_keyring.keys)
        found += [
            Route(TOKEN, answering_problems(lookups.token, per_client)),
            Route(INVITATION, answering_problems(lookups.invitation, per_client)),
        ]
    return [*found, Route(DOCUMENT, _document)] if found else []


async def _document(_: Request) -> Response:
    return Response(document(), media_type="application/json", headers=SAFE)
