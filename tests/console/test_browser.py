"""The console as people see it: live without a reload, for the keyboard and for screen readers (SPEC K2, K4, K6)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from relance import ids
from relance.console.pages.model import ConsolePage
from relance.console.pages.registry import PAGES
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, SmtpStage
from relance.devstack.mailbox_server import MailboxServer
from relance.devstack.processes import free_port
from relance.devstack.stack import Stack
from relance.domain.console.people import Role
from relance.domain.cycle.control import ControlState
from tests.console.browser import CONTRAST, NARROW, WIDE, ConsoleBrowser, violations
from tests.support.installation import Installation, installed
from tests.support.patience import PATIENCE_S
from tests.support.people import PERIOD, people

pytestmark = [pytest.mark.debian, pytest.mark.slow(60)]

USERS, CONTACTS = 6, 20
MS = PATIENCE_S * 1000
BEFORE = "2026-10"
"""A month that is over."""
SHOWN = {
    "/cycle/{period}": f"/cycle/{BEFORE}",
    "/invitations/{invitation}": f"/invitations/{ids.invitation_id(BEFORE, 'u0', 'u0c0')}",
    "/invitations": "/invitations?q=u0",
    "/unread/{collection}/{document}": "/unread/users/broken",
}


@dataclass
class Place:
    """A running installation with a browser on its console."""

    installation: Installation
    browser: ConsoleBrowser


@pytest.fixture(scope="module")
async def place(stack: Stack, running_mailbox: MailboxServer, chromium: Browser) -> AsyncIterator[Place]:
    port = free_port()
    environment = {
        "RELANCE_MAIL__CONNECTIONS": "4",
        "RELANCE_GATEWAY__PORT": str(port),
        "RELANCE_GATEWAY__PUBLIC_URL": f"http://127.0.0.1:{port}",
        "RELANCE_CONSOLE__SIGN_IN": "token",
        "RELANCE_CONSOLE__TEMPORAL_WEB": "http://127.0.0.1:8233",
    }
    async with installed(stack, "console_browser", environment, forks=True) as installation:
        await installation.load(*people(USERS, CONTACTS))
        await installation.database.raw.users.insert_one({"_id": "broken", "name": 5, "status": "active"})
        await installation.database.users.by_ids(["broken"])
        await installation.start_worker()
        await (await installation.start_cycle(BEFORE)).result()
        yield Place(installation, ConsoleBrowser(chromium, f"http://127.0.0.1:{port}", installation.database))


async def test_a_cycle_moves_on_the_screen_without_a_reload(place: Place, mailbox: Mailbox) -> None:
    # Four connections: thirty rounds of a fifth of a second each.
    await mailbox.add_rule(Delay(stage=SmtpStage.END_OF_DATA, seconds=0.2))
    async with place.browser.visit() as window:
        page = await window.new_page()
        await page.goto("/console/now")
        await expect(page.locator(".live")).to_have_attribute("data-state", "on", timeout=MS)
        await page.evaluate("window.loadedOnce = true")
        cycle = await place.installation.start_cycle(PERIOD)
        seen = await _watched(page, asyncio.create_task(cycle.result()))
        await expect(page.locator(".count.sent dd")).to_have_text(str(USERS * CONTACTS), timeout=MS)
        assert len({count for count in seen if 0 < count < USERS * CONTACTS}) >= 3, seen
        assert seen == sorted(seen)
        assert await page.evaluate("window.loadedOnce")


async def _watched(page: Page, ended: asyncio.Task[Any]) -> list[int]:
    """Return what the page shows as sent of this month, while the cycle runs."""
    seen: list[int] = []
    while not ended.done():
        text = await page.locator("[data-region=cycle]").inner_text()
        if "November 2026" in text:
            seen.append(int(text.partition("Sent")[2].split()[0]))
        await asyncio.sleep(0.1)
    return seen


async def test_a_decision_of_one_person_is_on_the_screen_of_another(place: Place) -> None:
    cycle = await place.installation.start_cycle("2031-01", send_now=False)
    async with place.browser.visit() as ann, place.browser.visit(Role.VIEWER) as viewer:
        seen, acted = await viewer.new_page(), await ann.new_page()
        await seen.goto("/console/cycle/2031-01")
        assert await seen.locator("main button").count() == 0
        await acted.goto("/console/cycle/2031-01")
        await acted.fill("#reason", "the relay moves house")
        await acted.click("text=Pause")
        await expect(acted.locator(".notice")).to_contain_text("paused", timeout=MS)
        await expect(seen.locator("[data-region=control]")).to_contain_text("paused by ann", timeout=MS)
        control = await place.installation.database.controls.get("2031-01")
        assert (control.state, control.by, control.reason) == (ControlState.PAUSED, "ann", "the relay moves house")
        # What a viewer's own browser sends is refused as well.
        token = await seen.locator("[name=csrf]").first.input_value()
        refused = await viewer.request.post(
            "/console/cycle/2031-01/do/resume",
            form={"csrf": token},
            headers={"Origin": place.browser.address, "Sec-Fetch-Site": "same-origin"},
        )
        assert refused.status == 403
        assert (await place.installation.database.controls.get("2031-01")).state is ControlState.PAUSED
    await cycle.terminate("the test is over")


@pytest.fixture(scope="module")
async def tab(place: Place) -> AsyncIterator[Page]:
    """A tab that goes from page to page: a window for each takes as much processor time as axe-core does."""
    async with place.browser.visit() as window:
        yield await window.new_page()


@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.name)
async def test_axe_finds_nothing_on_a_page_light_or_dark_wide_or_narrow(tab: Page, shown: ConsolePage) -> None:
    await tab.emulate_media(color_scheme="light")
    await tab.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    path = SHOWN.get(shown.path, shown.path)
    answer = await tab.goto(f"/console{path}")
    assert answer is not None
    assert answer.status == 200
    assert await violations(tab) == [], "light and wide"
    # Nothing but the contrast depends on the scheme, and the contrast on nothing else.
    await tab.emulate_media(color_scheme="dark")
    assert await violations(tab, only=CONTRAST) == [], "dark"
    await tab.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    assert await violations(tab, without=CONTRAST) == [], "narrow"
    assert await tab.evaluate("document.documentElement.scrollWidth") <= NARROW[0]


async def test_pages_can_be_read_without_a_script(place: Place) -> None:
    async with place.browser.visit(java_script_enabled=False) as window:
        page = await window.new_page()
        await page.goto("/console/now")
        await expect(page.locator("h1")).to_have_text("Now")
        assert await page.locator("[data-region]").count() == 4
        await page.click("text=Jobs")
        await expect(page.locator("h1")).to_have_text("Jobs")


async def test_the_keyboard_reaches_everything_and_skips_the_navigation(place: Place) -> None:
    async with place.browser.visit() as window:
        page = await window.new_page()
        await page.goto("/console/now")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "main"
