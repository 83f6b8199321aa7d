"""The chat in a real browser, on a real worker: an alert appears, details answer, *ack* ends its repeats (SPEC K3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from relance.cli.alerts.groups import next_message, view_of
from relance.devstack.processes import free_port
from relance.devstack.stack import Stack
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.delivery import NotificationKind
from relance.domain.alerts.model import AlertEvent, AlertRecord, AlertState, Evidence, Rule
from relance.domain.alerts.policy import AlertPolicy
from relance.domain.console.people import Role
from relance.domain.failures import Severity
from relance.ids import alert_anchor
from tests.console.browser import NARROW, ConsoleBrowser, violations
from tests.support.installation import Installation, installed
from tests.support.patience import PATIENCE_S

pytestmark = [pytest.mark.debian, pytest.mark.slow(30)]

KEY = "default-lp/0.8.376"
FRENCH = {"extra_http_headers": {"Accept-Language": "fr"}}
expect.set_options(timeout=PATIENCE_S * 1000)


@dataclass
class ChatPlace:
    """An installation with a console, and a browser."""

    own: Installation
    browser: ConsoleBrowser
    url: str

    async def fire(self) -> None:
        """Let an alert open, as a check does."""
        condition = Condition(
            rule=Rule.DEFAULT_LP,
            group=Rule.DEFAULT_LP,
            subject="0.8.376",
            severity=Severity.HIGH,
            labels={"landing_page": "Default", "offer": "Summer Sale NL", "partner": "Alpha", "match": "Default"},
            evidence=Evidence(value=Decimal(63), threshold=Decimal(50)),
        )
        await self.own.desk().fire([condition])

    async def alert(self) -> AlertRecord:
        return (await self.own.database.alerts.newest([KEY]))[KEY]

    async def next_telling(self) -> NotificationKind | None:
        """Return what the workflow will tell next."""
        view = await view_of(self.own.client, Rule.DEFAULT_LP)
        assert view is not None
        found = next_message(view, KEY, datetime.now(UTC), AlertPolicy())
        return found.telling if found is not None else None


@pytest.fixture
async def place(stack: Stack, database: str, indexed_database: str, chromium: Browser) -> AsyncIterator[ChatPlace]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "RELANCE_GATEWAY__PORT": str(port),
        "RELANCE_GATEWAY__PUBLIC_URL": url,
        "RELANCE_CONSOLE__SIGN_IN": "token",
    }
    async with installed(stack, database, environment, forks=True, lent_database=indexed_database) as own:
        await own.start_worker()
        yield ChatPlace(own, ConsoleBrowser(chromium, url, own.database), url)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await holds():
            await asyncio.sleep(0.05)


async def test_an_alert_is_a_conversation(place: ChatPlace) -> None:
    async with place.browser.visit() as ann, place.browser.visit(Role.VIEWER, size=NARROW, **FRENCH) as viewer:
        await _converse(place, ann, viewer)


async def _converse(place: ChatPlace, ann: BrowserContext, viewer: BrowserContext) -> None:
    mine, seen = await ann.new_page(), await viewer.new_page()
    for page in (mine, seen):
        await page.goto("/console/chat")
        await expect(page.locator(".live[data-state=on]")).to_be_visible()
    await expect(mine.get_by_text("Nothing has been said yet")).to_be_visible()
    await mine.evaluate("window.loadedOnce = true")

    await place.fire()
    for page in (mine, seen):
        await expect(page.get_by_role("heading", name="🚨 Default LP Alert")).to_be_visible()
        await expect(page.get_by_text('Summer Sale NL · partner Alpha · "Default" · 63 clicks')).to_be_visible()
    await expect(mine.get_by_role("button", name="Acknowledge")).to_be_visible()
    assert await seen.locator("article button").all_text_contents() == ["Détails", "Pourquoi"]
    await until(lambda: _tells(place, NotificationKind.REPEAT))

    await mine.get_by_label("Your message").fill("yes")
    await mine.keyboard.press("Enter")
    for page in (mine, seen):
        await expect(page.get_by_role("heading", name="🔎 Details: Default LP")).to_be_visible()
    await expect(mine.get_by_label("Your message")).to_have_value("")
    await until(lambda: _is_focused(mine, "text"))

    await mine.get_by_label("Your message").fill("don't ack")
    await mine.keyboard.press("Enter")
    await expect(mine.get_by_text("I read a no in that")).to_be_visible()
    assert (await place.alert()).state is AlertState.FIRING

    await mine.get_by_role("button", name="Acknowledge").focus()
    await mine.keyboard.press("Enter")
    await expect(seen.get_by_text("ann looks after this")).to_be_visible()
    entry = next(entry for entry in (await place.alert()).history if entry.event is AlertEvent.ACKNOWLEDGED)
    assert (entry.by, entry.via) == ("ann", "console")
    await until(lambda: _tells(place, None))
    await expect(mine.get_by_role("button", name="Acknowledge")).to_have_count(0)
    await expect(mine.locator("article")).to_have_count(7)
    assert await mine.evaluate("window.loadedOnce")
    for page in (mine, seen):
        assert await violations(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


async def test_a_link_in_a_chat_leads_to_the_alert_and_forms_work_without_a_script(place: ChatPlace) -> None:
    await place.fire()
    await until(lambda: _told(place))
    (told,) = await place.own.database.chat_messages.latest(5)
    assert told.details_url == f"{place.url}/console/chat?alert=default-lp%2F0.8.376#{alert_anchor(KEY)}"
    async with place.browser.visit(java_script_enabled=False) as window:
        page = await window.new_page()
        await page.goto(told.details_url)
        card = page.locator(f"#{alert_anchor(KEY)}")
        await expect(card).to_contain_text("Summer Sale NL")
        await card.locator("summary").click()
        await card.get_by_label("For how long, or until when").fill("until tomorrow 9:00")
        await card.get_by_label("Reason").fill("known pause")
        await card.get_by_role("button", name="Silence", exact=True).click()
        await expect(page.get_by_text("ann wants to hear nothing of this until")).to_be_visible()
        stored = await place.alert()
        assert stored.state is AlertState.SILENCED
        assert (stored.history[-1].by, stored.history[-1].detail) == ("ann", "known pause")
        await page.get_by_label("Your message").fill("silence 91d known pause")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_text("A silence lasts 90 days at most")).to_be_visible()
        await _forge(place, window, await page.locator("[name=csrf]").first.input_value())


async def _forge(place: ChatPlace, operator: BrowserContext, token: str) -> None:
    ours = {"Origin": place.url, "Sec-Fetch-Site": "same-origin"}
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    async with place.browser.visit(Role.VIEWER) as viewer:
        page = await viewer.new_page()
        await page.goto("/console/chat")
        own = await page.locator("[name=csrf]").first.input_value()
        # A wrong token, a page of another site, somebody else's token, and a viewer who makes the form himself.
        for window, csrf, headers in (
            (operator, "guessed", ours),
            (operator, token, foreign),
            (operator, own, ours),
            (viewer, own, ours),
        ):
            form: dict[str, str | float | bool] = {"about": KEY, "csrf": csrf}
            answer = await window.request.post("/console/chat/do/unsilence", form=form, headers=headers)
            assert answer.status == 403
    assert (await place.alert()).state is AlertState.SILENCED


async def _tells(place: ChatPlace, telling: NotificationKind | None) -> bool:
    return await place.next_telling() is telling


async def _is_focused(page: Page, element: str) -> bool:
    # Not `wait_for_function`: the page's policy lets nothing be evaluated in it.
    return bool(await page.evaluate("document.activeElement.id") == element)


async def _told(place: ChatPlace) -> bool:
    return bool(await place.own.database.chat_messages.latest(1))
