"""What surrounds every page: head, navigation, who is signed in, language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from relance.console import assets
from relance.console.pages.model import ConsolePage
from relance.console.rendering import CSRF_PLACE, Audience, rendered
from relance.console.security import HEADERS
from relance.console.visitors import Visitors
from relance.ports import Clock
from relance.ports.console import ConsoleSession
from relance.wording.console.words import WORDS


@dataclass(frozen=True, slots=True)
class Layout:
    """Writes whole pages; `pages` are those of the navigation."""

    pages: tuple[ConsolePage, ...]
    visitors: Visitors
    clock: Clock

    async def message(
        self,
        request: Request,
        key: str,
        *,
        status: int = 200,
        values: Mapping[str, Any] | None = None,
        again: bool = False,
    ) -> Response:
        """Answer with one sentence: its title and text are `KEY.title` and `KEY.text`; `again` offers to sign in."""
        words = WORDS[self.visitors.audience(request, None).language]
        known = key if words.has(f"{key}.title") else "error.other"
        data = {"key": known, "values": {"status": status, **(values or {})}, "again": again}
        return await self.show(request, "message.html", data, status=status)

    async def show(
        self,
        request: Request,
        template: str,
        data: Mapping[str, Any],
        *,
        status: int = HTTPStatus.OK,
        session: ConsoleSession | None = None,
        page: ConsolePage | None = None,
        regions: Mapping[str, str] | None = None,
        live: str = "",
    ) -> Response:
        """Answer with a page: its template around its regions, within the layout."""
        audience = self.visitors.audience(request, session)
        html = self.html(
            request, audience, template, data, session=session, page=page, regions=regions or {}, live=live
        )
        return HTMLResponse(html, status, headers={**HEADERS, "Content-Language": audience.language})

    def html(
        self,
        request: Request,
        audience: Audience,
        template: str,
        data: Mapping[str, Any],
        *,
        session: ConsoleSession | None,
        page: ConsolePage | None,
        regions: Mapping[str, str],
        live: str,
    ) -> str:
        """Return the HTML of a page for one person."""
        query = f"?{request.url.query}" if request.url.query else ""
        notice = request.query_params.get("done", "")
        context = {
            **data,
            "asset": assets.address,
            "navigation": [shown for shown in self.pages if shown.in_navigation],
            "page": page,
            "section": (page.section or page.name) if page is not None else "",
            "person": session.person if session is not None else None,
            "regions": {name: Markup(html) for name, html in regions.items()},  # noqa: S704 - our templates' own
            "live": live,
            "here": f"{request.url.path}{query}",
            "notice": notice if WORDS[audience.language].has(f"done.{notice}") else "",
        }
        html = rendered(template, audience, context, self.clock.now())
        return html.replace(CSRF_PLACE, session.csrf if session is not None else "")
