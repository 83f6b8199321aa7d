"""`GET /health`: whether this process takes requests, for a load balancer; operators ask `/ready` for the reasons."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from relance.gateway.headers import SAFE
from relance.gateway.needs import Needs

PATH = "/health"


def routes(needs: Needs) -> list[BaseRoute]:
    """Return the route: 200 while this process serves, 503 from SIGTERM on."""

    async def show(_: Request) -> Response:
        draining = needs.draining()
        headers = {**SAFE, "Cache-Control": "no-store"}
        return PlainTextResponse("draining" if draining else "ok", 503 if draining else 200, headers=headers)

    return [Route(PATH, show)]
