"""The routes of the console: pages, their live streams, their actions, signing in and out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from relance.console import assets
from relance.console.addresses import ROOT, SIGN_IN
from relance.console.layout import Layout
from relance.console.live.hub import Hub
from relance.console.pages.model import ConsolePage
from relance.console.security import Forged, form_of
from relance.console.serving import PageRoutes
from relance.console.signing_in import cookies
from relance.console.signing_in.model import NotLetIn, SignIn, SignInPage, Starter, local
from relance.console.visitors import Visitors
from relance.errors import DependencyUnavailable, NotFound
from relance.wording.console.words import LANGUAGES

Answer = Callable[[Request], Awaitable[Response | SignInPage]]


@dataclass(frozen=True, slots=True)
class Console:
    """Everything the routes share."""

    layout: Layout
    visitors: Visitors
    sign_in: SignIn
    starter: Starter
    hub: Hub


def routes(console: Console, pages: tuple[ConsolePage, ...]) -> list[BaseRoute]:
    """Return all routes of the console, under `/console`."""
    serving = PageRoutes(console.layout, console.visitors, console.hub)
    own: list[BaseRoute] = [
        Route(ROOT, _first_page),
        Route(SIGN_IN, _begin(console)),
        Route(f"{ROOT}/sign-out", _sign_out(console), methods=["POST"]),
        Route(f"{ROOT}/language", _language(console), methods=["POST"]),
        Route(f"{ROOT}/static/{{name}}", assets.answer),
    ]
    found = [
        *own,
        *console.sign_in.routes(),
        *(route for page in pages for route in serving.of(page)),
        Route(f"{ROOT}/{{rest:path}}", _nothing),
    ]
    return [_careful(console, route) for route in found]


async def _first_page(_: Request) -> Response:
    return RedirectResponse(f"{ROOT}/now", 303)


async def _nothing(_: Request) -> Response:
    raise NotFound


def _begin(console: Console) -> Answer:
    async def begin(request: Request) -> Response | SignInPage:
        return await console.sign_in.begin(request, local(request.query_params.get("to", "")))

    return begin


def _sign_out(console: Console) -> Answer:
    async def sign_out(request: Request) -> Response:
        session = await console.visitors.session_of(request)
        await form_of(request, session)
        await console.starter.sessions.end(cookies.read(request, cookies.SESSION))
        response = await console.layout.message(request, "sign_in.signed_out")
        cookies.drop(request, response, cookies.SESSION)
        return response

    return sign_out


def _language(console: Console) -> Answer:
    async def choose(request: Request) -> Response:
        # Changes nothing but how this browser reads: no session is needed.
        form = await form_of(request, await console.visitors.session_of(request))
        response = RedirectResponse(local(form.get("to", "")), 303)
        if form.get("language") in LANGUAGES:
            cookies.put(request, response, cookies.LANGUAGE, form["language"], cookies.YEAR)
        return response

    return choose


def _careful(console: Console, route: BaseRoute) -> BaseRoute:
    """Return a route whose errors are pages that say what to do."""
    assert isinstance(route, Route)
    answer: Answer = route.endpoint

    async def careful(request: Request) -> Response:
        try:
            found = await answer(request)
        except (NotLetIn, Forged, NotFound, DependencyUnavailable, HTTPException) as error:
            return await _trouble(console, request, error)
        if isinstance(found, SignInPage):
            return await console.layout.show(request, found.template, found.data, status=found.status)
        return found

    return Route(route.path, careful, methods=list(route.methods or ["GET"]))


async def _trouble(console: Console, request: Request, error: Exception) -> Response:
    message = console.layout.message
    match error:
        case NotLetIn():
            return await message(request, error.reason, status=403, again=True)
        case Forged():
            return await message(request, "error.forged", status=403)
        case NotFound():
            return await message(request, "error.not_found", status=404)
        case DependencyUnavailable():
            return await message(request, "error.unavailable", status=503, values={"dependency": error.dependency})
        case HTTPException():
            return await message(request, f"error.{error.status_code}", status=error.status_code)
    raise error
