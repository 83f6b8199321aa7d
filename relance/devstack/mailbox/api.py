"""The HTTP side: read the mails, program the faults.

GET    /messages?after=N&limit=N   summaries in order of arrival
GET    /messages/{n}               one mail, parsed          GET /messages/{n}/raw    its bytes
DELETE /messages                   forget every mail
POST   /find                       the first mail of each Message-ID of a JSON list
GET    /stats                      counts                    GET /log                 one JSON line per mail
GET    /rules   POST /rules   DELETE /rules
GET    /                           the same for people
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from relance.devstack.mailbox import content, page
from relance.devstack.mailbox.conversation import MailboxState
from relance.devstack.mailbox.models import Accepted, MailboxStats, Summary
from relance.devstack.mailbox.rules import RULE
from relance.devstack.mailbox.store import MailboxEntry

MOST_LISTED = 1000
_SUMMARIES = TypeAdapter(list[Summary])
_ACCEPTED = TypeAdapter(list[Accepted])
_MESSAGE_IDS = TypeAdapter(Annotated[list[str], Field(max_length=MOST_LISTED)])


def application(board: MailboxState) -> Starlette:
    """Return the mailbox's web application."""
    api = _MailboxApi(board)
    routes = [
        Route("/", api.list_page),
        Route("/view/{n:int}", api.mail_page),
        Route("/messages", api.messages),
        Route("/messages", api.clear_messages, methods=["DELETE"]),
        Route("/messages/{n:int}", api.message),
        Route("/messages/{n:int}/raw", api.raw),
        Route("/messages/{n:int}/html", api.html),
        Route("/find", api.find, methods=["POST"]),
        Route("/stats", api.stats),
        Route("/log", api.log),
        Route("/rules", api.rules),
        Route("/rules", api.add_rule, methods=["POST"]),
        Route("/rules", api.clear_rules, methods=["DELETE"]),
    ]
    # A page of a foreign name that resolves to this address must not read the mails.
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    return Starlette(routes=routes, middleware=[hosts])


def _with_entry(
    answer: Callable[[_MailboxApi, Request, MailboxEntry], Awaitable[Response]],
) -> Callable[[_MailboxApi, Request], Awaitable[Response]]:
    async def find(self: _MailboxApi, request: Request) -> Response:
        entry = self.board.store.get(request.path_params["n"])
        return await answer(self, request, entry) if entry else JSONResponse({"error": "no such mail"}, 404)

    return find


class _MailboxApi:
    def __init__(self, board: MailboxState) -> None:
        self.board = board

    async def messages(self, request: Request) -> Response:
        entries = self.board.store.page(*_paging(request))
        found = [content.summary(self.board.store, entry) for entry in entries]
        return Response(_SUMMARIES.dump_json(found, by_alias=True), media_type="application/json")

    async def clear_messages(self, _: Request) -> Response:
        self.board.store.clear()
        return Response(status_code=204)

    @_with_entry
    async def message(self, _: Request, entry: MailboxEntry) -> Response:
        found = content.mail(self.board.store, entry)
        return Response(found.model_dump_json(by_alias=True), media_type="application/json")

    @_with_entry
    async def raw(self, _: Request, entry: MailboxEntry) -> Response:
        return Response(self.board.store.raw(entry), media_type="application/octet-stream")

    @_with_entry
    async def html(self, _: Request, entry: MailboxEntry) -> Response:
        found = content.mail(self.board.store, entry)
        return HTMLResponse(found.html or "", headers={"Content-Security-Policy": page.MAIL_POLICY})

    async def find(self, request: Request) -> Response:
        try:
            wanted = _MESSAGE_IDS.validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"error": str(error)}, 422)
        found = [content.accepted(entry) for entry in self.board.store.find(wanted)]
        return Response(_ACCEPTED.dump_json(found, by_alias=True), media_type="application/json")

    async def stats(self, _: Request) -> Response:
        deliveries, duplicates, repeated = self.board.store.repeated()
        stats = MailboxStats(
            total=len(self.board.store),
            deliveries=deliveries,
            duplicates=duplicates,
            repeated=tuple(repeated),
            connections=self.board.connections,
            open_connections=self.board.open,
            max_simultaneous=self.board.most_open,
        )
        return Response(stats.model_dump_json(), media_type="application/json")

    async def log(self, _: Request) -> Response:
        # In one piece: a file that grows while it is sent is longer than its announced length.
        lines = await asyncio.to_thread(self.board.store.log_path.read_bytes)
        return Response(lines, media_type="application/jsonl")

    async def rules(self, _: Request) -> Response:
        return JSONResponse(self.board.rules.listing())

    async def add_rule(self, request: Request) -> Response:
        try:
            rule = RULE.validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"error": str(error)}, 422)
        return JSONResponse({"rule": self.board.rules.add(rule)}, 201)

    async def clear_rules(self, _: Request) -> Response:
        self.board.rules.clear()
        return Response(status_code=204)

    async def list_page(self, request: Request) -> Response:
        after, limit = _paging(request)
        entries = self.board.store.page(after, min(limit, page.ROWS))
        summaries = [content.summary(self.board.store, entry) for entry in entries]
        text = page.listing(summaries, total=len(self.board.store), after=after)
        return HTMLResponse(text, headers={"Content-Security-Policy": page.POLICY})

    @_with_entry
    async def mail_page(self, _: Request, entry: MailboxEntry) -> Response:
        text = page.mail(content.mail(self.board.store, entry))
        return HTMLResponse(text, headers={"Content-Security-Policy": page.POLICY})


def _paging(request: Request) -> tuple[int, int]:
    return _number(request, "after", 0), max(1, min(_number(request, "limit", 100), MOST_LISTED))


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isdecimal() else default
