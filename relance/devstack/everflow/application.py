"""Both sides on one port: `/v1/...` is Everflow, `/control/...` is for us.

GET    /                    counts, for people
GET    /control/world       PUT /control/world        the facts
GET    /control/faults      POST, DELETE              what goes wrong
GET    /control/calls       DELETE                    what was asked; also resets the limits
PUT    /control/limits
"""

from __future__ import annotations

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relance.devstack.everflow.dataset import World
from relance.devstack.everflow.dispatch import Front
from relance.devstack.everflow.faults import FAULT
from relance.devstack.everflow.gate import Call, CallLimits
from relance.devstack.everflow.network import Network

_CALLS = TypeAdapter(list[Call])


class EverflowStats(BaseModel):
    """Counts: what is known, the calls since the start, the most reports at once since the calls were forgotten."""

    partners: int
    offers: int
    facts: int
    calls: int
    reports_at_once: int
    faults: int


def application(network: Network) -> Starlette:
    """Return the web application."""
    control = _Control(network)
    routes = [
        Route("/", control.stats),
        Route("/control/world", control.world),
        Route("/control/world", control.put_world, methods=["PUT"]),
        Route("/control/faults", control.faults),
        Route("/control/faults", control.add_fault, methods=["POST"]),
        Route("/control/faults", control.clear_faults, methods=["DELETE"]),
        Route("/control/calls", control.calls),
        Route("/control/calls", control.forget_calls, methods=["DELETE"]),
        Route("/control/limits", control.put_limits, methods=["PUT"]),
        Route("/v1/{path:path}", Front(network).__call__, methods=["GET", "POST", "PUT", "DELETE"]),
    ]
    # A page of a foreign name that resolves to this address must not change the facts.
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    return Starlette(routes=routes, middleware=[hosts])


class _Control:
    def __init__(self, network: Network) -> None:
        self._network = network

    async def stats(self, _: Request) -> Response:
        world, gate = self._network.world, self._network.gate
        stats = EverflowStats(
            partners=len(world.partners),
            offers=len(world.offers),
            facts=len(world.facts),
            calls=gate.answered,
            reports_at_once=gate.most_at_once,
            faults=len(self._network.faults.listing()),
        )
        return _json(stats)

    async def world(self, _: Request) -> Response:
        return _json(self._network.world)

    async def put_world(self, request: Request) -> Response:
        try:
            self._network.put(World.model_validate_json(await request.body()))
        except ValidationError as error:
            return _wrong(error)
        return Response(status_code=204)

    async def faults(self, _: Request) -> Response:
        return JSONResponse(self._network.faults.listing())

    async def add_fault(self, request: Request) -> Response:
        try:
            fault = FAULT.validate_json(await request.body())
        except ValidationError as error:
            return _wrong(error)
        return JSONResponse({"fault": self._network.faults.add(fault)}, 201)

    async def clear_faults(self, _: Request) -> Response:
        self._network.faults.clear()
        return Response(status_code=204)

    async def calls(self, _: Request) -> Response:
        return Response(_CALLS.dump_json(list(self._network.gate.calls)), media_type="application/json")

    async def forget_calls(self, _: Request) -> Response:
        self._network.gate.forget()
        return Response(status_code=204)

    async def put_limits(self, request: Request) -> Response:
        try:
            self._network.gate.limits = CallLimits.model_validate_json(await request.body())
        except ValidationError as error:
            return _wrong(error)
        return Response(status_code=204)


def _json(model: BaseModel) -> Response:
    return Response(model.model_dump_json(), media_type="application/json")


def _wrong(error: ValidationError) -> Response:
    return JSONResponse({"error": str(error)}, 422)
