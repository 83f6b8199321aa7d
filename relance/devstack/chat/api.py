"""The HTTP side: take messages as the services do, read them, program faults.

POST   /slack/...  /teams/...  /webhook/...  /json/...      one message
GET    /messages?after=N&limit=N    DELETE /messages        read them; forget them and the faults
GET    /stats                       POST /faults            counts; one more fault
GET    /                            the same for people
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeAlias

from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from relance.devstack.chat import page
from relance.devstack.chat.models import ChatFault, PostedMessage, Service
from relance.devstack.chat.store import ChatStore
from relance.devstack.chat.validation import refusal

MOST_LISTED = 1000
# As the real ones answer: Slack with a word, a workflow with 202 and nothing.
_THANKS = {Service.SLACK: (200, "ok"), Service.TEAMS: (202, "")}
_POSTED = TypeAdapter(list[PostedMessage])

Drop: TypeAlias = Callable[[str, int], None]
"""Cuts the connection that comes from this host and port."""


def application(store: ChatStore, drop: Drop) -> Starlette:
    """Return the application."""
    api = _ChatApi(store, drop)
    return Starlette(
        routes=[
            *(Route(f"/{service}/{{rest:path}}", api.take(service), methods=["POST"]) for service in Service),
            Route("/messages", api.messages, methods=["GET"]),
            Route("/messages", api.clear, methods=["DELETE"]),
            Route("/stats", api.stats),
            Route("/faults", api.add_fault, methods=["POST"]),
            Route("/", api.page),
        ],
        # A page of anyone's could otherwise read the messages through a name that resolves to 127.0.0.1.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )


class _ChatApi:
    def __init__(self, store: ChatStore, drop: Drop) -> None:
        self._store = store
        self._drop = drop

    def take(self, service: Service) -> Callable[[Request], Any]:
        async def post(request: Request) -> Response:
            fault = self._store.next_fault(service)
            try:
                raw = await request.body()
            except ClientDisconnect:
                return Response(status_code=400)
            if fault is None:
                return self._accept(service, request, raw)
            if fault.keep:
                self._accept(service, request, raw)
            await asyncio.sleep(fault.delay)
            if fault.drop and request.client is not None:
                self._drop(request.client.host, request.client.port)
            if fault.status is None:
                return Response() if fault.keep else self._accept(service, request, raw)
            return PlainTextResponse(fault.body, fault.status, fault.headers)

        return post

    def _accept(self, service: Service, request: Request, raw: bytes) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        if no := refusal(service, headers, raw, body):
            return PlainTextResponse(no[1], no[0])
        self._store.keep(service, request.url.path, headers, raw, body)
        status, text = _THANKS.get(service, (204, ""))
        return PlainTextResponse(text, status) if text else Response(status_code=status)

    async def messages(self, request: Request) -> Response:
        after, limit = (_number(request, name, default) for name, default in (("after", 0), ("limit", 100)))
        found = self._store.after(after, min(limit, MOST_LISTED))
        return Response(_POSTED.dump_json(found), media_type="application/json")

    async def clear(self, _: Request) -> Response:
        self._store.clear()
        return Response(status_code=204)

    async def stats(self, _: Request) -> Response:
        return Response(self._store.stats().model_dump_json(), media_type="application/json")

    async def add_fault(self, request: Request) -> Response:
        try:
            self._store.add(ChatFault.model_validate_json(await request.body()))
        except ValidationError as error:
            return JSONResponse({"error": str(error)}, 422)
        return Response(status_code=204)

    async def page(self, _: Request) -> Response:
        return HTMLResponse(page.bubbles(self._store.posted), headers={"Content-Security-Policy": page.POLICY})


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isdecimal() else default
