"""How a page becomes routes: the page, its live stream, its actions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from relance.console.addresses import ROOT, SIGN_IN
from relance.console.layout import Layout
from relance.console.live.hub import Hub
from relance.console.live.reaching import reaching_temporal
from relance.console.live.regions import all_loaded, html_of
from relance.console.live.stream import events
from relance.console.pages.model import Asked, ConsolePage, PageAction, PageDocument, Params, Redirect
from relance.console.security import DOCUMENT_HEADERS, HEADERS, form_of
from relance.console.visitors import Visitors
from relance.errors import InvalidInput
from relance.ports.console import ConsoleSession

LIVE = f"{ROOT}/live"
LONGEST_PARAMETER = 200


@dataclass(frozen=True, slots=True)
class PageRoutes:
    """Makes the routes of pages."""

    layout: Layout
    visitors: Visitors
    hub: Hub

    def of(self, page: ConsolePage) -> list[BaseRoute]:
        """Return the routes of a page."""
        return [
            Route(f"{ROOT}{page.path}", self._page(page)),
            Route(f"{LIVE}{page.path}", self._live(page)),
            *(
                Route(f"{ROOT}{page.path}/do/{action.name}", self._action(page, action), methods=["POST"])
                for action in page.actions
            ),
            *(
                Route(f"{ROOT}{page.path}/show/{document.name}", self._document(page, document))
                for document in page.documents
            ),
        ]

    def _page(self, page: ConsolePage) -> Callable[[Request], Awaitable[Response]]:
        async def show(request: Request) -> Response:
            session = await self.visitors.session_of(request)
            if session is None:
                return _to_sign_in(request)
            return await self._shown(request, page, session)

        return show

    def _document(self, page: ConsolePage, document: PageDocument) -> Callable[[Request], Awaitable[Response]]:
        async def show(request: Request) -> Response:
            session = await self.visitors.session_of(request)
            if session is None:
                raise HTTPException(401)
            html = await document.load(self.hub.needs, params_of(request, page), session.person)
            return HTMLResponse(html, headers=DOCUMENT_HEADERS)

        return show

    def _live(self, page: ConsolePage) -> Callable[[Request], Awaitable[Response]]:
        async def listen(request: Request) -> Response:
            session = await self.visitors.session_of(request)
            if session is None:
                # Anything but 200 makes a browser's EventSource give up, which is what is wanted.
                raise HTTPException(401)
            if self.hub.full:
                raise HTTPException(503)
            # The connection's time limit is for answers that end.
            request.state.is_stream = True
            audience = self.visitors.audience(request, session)
            stream = events(
                self.hub,
                page,
                params_of(request, page),
                audience=audience,
                session=session,
                holds=lambda: self.visitors.still_in(request, session),
                last=request.headers.get("last-event-id", ""),
            )
            return StreamingResponse(stream, media_type="text/event-stream", headers=HEADERS)

        return listen

    def _action(self, page: ConsolePage, action: PageAction) -> Callable[[Request], Awaitable[Response]]:
        async def act(request: Request) -> Response:
            session = await self.visitors.session_of(request)
            if session is None:
                return _to_sign_in(request, back=True)
            form = await form_of(request, session)
            if not (session.person.decides or action.for_viewers):
                raise HTTPException(403)
            audience = self.visitors.audience(request, session)
            params = params_of(request, page)
            asked = Asked(params, form, session.person, audience.language, audience.zone)
            try:
                with reaching_temporal():
                    done = await action.act(self.hub.needs, asked)
            except InvalidInput as error:
                wrong = {"wrong": error, "form": form}
                return await self._shown(request, page, session, wrong, status=422)
            if isinstance(done, Redirect):
                separator = "&" if urlsplit(done.path).query else "?"
                notice = f"{separator}done={done.notice}" if done.notice else ""
                return RedirectResponse(f"{ROOT}{done.path}{notice}", 303)
            data = {**params, **done.data, "path": f"{ROOT}{_filled(page.path, request)}"}
            return await self.layout.show(request, done.template, data, status=done.status, session=session, page=page)

        return act

    async def _shown(
        self,
        request: Request,
        page: ConsolePage,
        session: ConsoleSession,
        more: Mapping[str, Any] | None = None,
        *,
        status: int = 200,
    ) -> Response:
        params, needs = params_of(request, page), self.hub.needs
        audience = self.visitors.audience(request, session)
        data = await all_loaded(page, needs, params)
        now = needs.clock.now()
        regions = {region.name: html_of(region, data[region.name], audience, now) for region in page.regions}
        path = _filled(page.path, request)
        query = urlencode({name: params[name] for name in page.query if params[name]})
        live = f"{LIVE}{path}" + (f"?{query}" if query else "")
        context = {**params, "wrong": None, "form": {}, "path": f"{ROOT}{path}", **(more or {})}
        return await self.layout.show(
            request, page.template, context, status=status, session=session, page=page, regions=regions, live=live
        )


def params_of(request: Request, page: ConsolePage) -> Params:
    """Return the parameters that a page declares; empty where the request has none."""
    query = {name: request.query_params.get(name, "").strip()[:LONGEST_PARAMETER] for name in page.query}
    return {**query, **request.path_params}


def _filled(path: str, request: Request) -> str:
    for name, value in request.path_params.items():
        path = path.replace(f"{{{name}}}", str(value))
    return path


def _to_sign_in(request: Request, *, back: bool = False) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    wanted = "" if back else f"{request.url.path}{query}"
    return RedirectResponse(f"{SIGN_IN}?{urlencode({'to': wanted})}" if wanted else SIGN_IN, 303)
