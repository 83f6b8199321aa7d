"""A real browser on the console: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, StorageState, async_playwright

from relance.adapters.mongo.connection import Database
from relance.console.addresses import sign_in_link
from relance.domain.console.people import Role

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
CONTRAST = "color-contrast"
WIDE, NARROW = (1280, 900), (375, 800)


@dataclass
class ConsoleBrowser:
    """A browser, and the console it looks at."""

    browser: Browser
    address: str
    database: Database
    _signed_in: dict[Role, StorageState] = field(default_factory=dict)

    @asynccontextmanager
    async def visit(
        self, role: Role = Role.OPERATOR, *, size: tuple[int, int] = WIDE, scheme: Any = "light", **options: Any
    ) -> AsyncIterator[BrowserContext]:
        """Yield a browser window of somebody who is signed in; a page that logs an error fails the test."""
        if role not in self._signed_in:
            self._signed_in[role] = await self._sign_in(role)
        context = await self.browser.new_context(
            storage_state=self._signed_in[role],
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            base_url=self.address,
            locale="en-GB",
            **options,
        )
        errors: list[str] = []
        context.on("weberror", lambda error: errors.append(f"{_address(error.page)}: {error.error}"))
        context.on(
            "console",
            lambda said: errors.append(f"{_address(said.page)}: {said.text}") if said.type == "error" else None,
        )
        try:
            yield context
        finally:
            await context.close()
        assert errors == []

    async def _sign_in(self, role: Role) -> StorageState:
        secret = await self.database.sign_ins.offer("ann", role, datetime.now(UTC) + timedelta(minutes=5))
        context = await self.browser.new_context(locale="en-GB")
        page = await context.new_page()
        await page.goto(sign_in_link(f"{self.address}/console", secret))
        await page.click("main button")
        await page.wait_for_url("**/console/now")
        state = await context.storage_state()
        await context.close()
        return state


def _address(page: Page | None) -> str:
    return page.url if page is not None else "a page"


@asynccontextmanager
async def running_chromium() -> AsyncIterator[Browser]:
    """Yield Debian's Chromium."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("Chromium is not on PATH: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def violations(page: Page, *, only: str = "", without: str = "") -> list[tuple[str, list[str]]]:
    """Return what axe-core finds on a page, by all rules, by one, or by all but one: the rule, and the elements."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if only:
        options["runOnly"] = [only]
    if without:
        options["rules"] = {without: {"enabled": False}}
    found = await page.evaluate("options => axe.run(document, options).then(result => result.violations)", options)
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]
