"""The chat in a real browser, on a real worker: an alert appears, details answer, *ack* ends its repeats (SPEC K3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from relance.cli.alerts.groups import next_message, view_of
from relance.devstack.processes import free_port
from relance.devstack.stack import Stack
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.delivery import NotificationKind
from relance.domain.alerts.model import AlertEvent, AlertRecord, AlertState, Evidence, Rule
from relance.domain.alerts.policy import AlertPolicy
from relance.domain.console.people import Role, SignedInPerson
from relance.domain.failures import Severity
from relance.ids import alert_anchor
from tests.support.installation import Installation, installed
from tests.support.patience import PATIENCE_S

KEY = "default-lp/0.8.376"
PATIENCE_MS = PATIENCE_S * 1000
expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Desk:
    """An installation with a console, and a browser."""

    own: Installation
    browser: Browser
    url: str

    async def signed_in(self, name: str, role: Role, language: str = "en", **more: Any) -> Page:
        """Return a page of the browser of somebody who is signed in."""
        until = datetime.now(UTC) + timedelta(hours=1)
        secret, _ = await self.own.database.sessions.begin(SignedInPerson(name, role, "token"), until)
        context = await self.browser.new_context(
            locale={"en": "en-GB", "fr": "fr-FR"}[language], timezone_id="Europe/Paris", **more
        )
        await context.add_cookies([{"name": "relance_session", "value": secret, "url": self.url}])
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        return page

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
async def desk(stack: Stack, database: str) -> AsyncIterator[Desk]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "RELANCE_GATEWAY__PORT": str(port),
        "RELANCE_GATEWAY__PUBLIC_URL": url,
        "RELANCE_CONSOLE__SIGN_IN": "token",
    }
    async with installed(stack, database, environment) as own, async_playwright() as playwright:
        await own.database.ensure_indexes()
        await own.start_worker()
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield Desk(own, browser, url)
        await browser.close()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await holds():
            await asyncio.sleep(0.05)


@pytest.mark.slow(40)
async def test_an_alert_is_a_conversation(desk: Desk) -> None:
    anna, vera = await desk.signed_in("anna", Role.OPERATOR), await desk.signed_in("vera", Role.VIEWER, "fr")
    await anna.goto(f"{desk.url}/console/chat")
    await vera.goto(f"{desk.url}/console/chat")
    await expect(anna.get_by_text("Nothing has been said yet")).to_be_visible()
    await expect(anna.locator(".live[data-state=on]")).to_be_visible()
    await expect(vera.locator(".live[data-state=on]")).to_be_visible()

    await desk.fire()
    for page in (anna, vera):
        await expect(page.get_by_role("heading", name="🚨 Default LP Alert")).to_be_visible()
        await expect(page.get_by_text('Summer Sale NL · partner Alpha · "Default" · 63 clicks')).to_be_visible()
    await expect(anna.get_by_role("button", name="Acknowledge")).to_be_visible()
    assert await vera.get_by_role("button", name="Je m’en occupe").count() == 0, "a viewer is offered a decision"
    await until(lambda: _is(desk, NotificationKind.REPEAT))
    (told,) = await desk.own.database.chat_messages.latest(5)
    assert told.details_url == f"{desk.url}/console/chat?alert=default-lp%2F0.8.376#{alert_anchor(KEY)}"
    await vera.goto(told.details_url)
    await expect(vera.locator(f"#{alert_anchor(KEY)}")).to_contain_text("Summer Sale NL")
    await vera.goto(f"{desk.url}/console/chat")

    await anna.get_by_label("Your message").fill("yes")
    await anna.keyboard.press("Enter")
    await expect(anna.get_by_role("heading", name="🔎 Details: Default LP")).to_be_visible()
    await expect(vera.get_by_role("heading", name="🔎 Details: Default LP")).to_be_visible()
    await expect(anna.get_by_label("Your message")).to_have_value("")
    assert await anna.evaluate("document.activeElement.id") == "text"

    await anna.get_by_label("Your message").fill("don't ack")
    await anna.keyboard.press("Enter")
    await expect(anna.get_by_text("I read a no in that")).to_be_visible()
    assert (await desk.alert()).state is AlertState.FIRING

    await anna.get_by_role("button", name="Acknowledge").focus()
    await anna.keyboard.press("Enter")
    await expect(vera.get_by_text("anna looks after this")).to_be_visible()
    entry = next(entry for entry in (await desk.alert()).history if entry.event is AlertEvent.ACKNOWLEDGED)
    assert (entry.by, entry.via) == ("anna", "console")
    await until(lambda: _is(desk, None))
    await expect(anna.get_by_role("button", name="Acknowledge")).to_have_count(0)
    await expect(vera.get_by_text("prise en charge par").first).to_be_visible()


async def _is(desk: Desk, telling: NotificationKind | None) -> bool:
    return await desk.next_telling() is telling


@pytest.mark.slow(40)
async def test_without_a_script_the_forms_work_and_a_forged_one_is_refused(desk: Desk) -> None:
    page = await desk.signed_in("anna", Role.OPERATOR, java_script_enabled=False)
    await desk.fire()
    await until(lambda: _told(desk))
    await page.goto(f"{desk.url}/console/chat?alert=default-lp")
    await expect(page.get_by_role("heading", name="The alert you came for")).to_be_visible()
    await page.get_by_label("The alert you came for").locator("summary").click()
    await page.get_by_label("For how long, or until when").first.fill("until tomorrow 9:00")
    await page.get_by_label("Reason").first.fill("known pause")
    await page.get_by_role("button", name="Silence", exact=True).first.click()
    await expect(page.get_by_text("anna wants to hear nothing of this until")).to_be_visible()
    stored = await desk.alert()
    assert stored.state is AlertState.SILENCED
    assert (stored.history[-1].by, stored.history[-1].detail) == ("anna", "known pause")
    await page.get_by_label("Your message").fill("silence 91d known pause")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_text("A silence lasts 90 days at most")).to_be_visible()

    anna, vera = await _cookie(page), await _cookie(await desk.signed_in("vera", Role.VIEWER))
    ours = {"Origin": desk.url, "Sec-Fetch-Site": "same-origin"}
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    async with httpx.AsyncClient(base_url=desk.url) as outside:
        for cookie, headers, status in ((anna, ours, 403), (anna, foreign, 403), (vera, ours, 403), ("", ours, 303)):
            form = {"about": KEY, "csrf": "guessed"}
            answer = await outside.post("/console/chat/do/unsilence", data=form, headers={**headers, "Cookie": cookie})
            assert answer.status_code == status
    assert (await desk.alert()).state is AlertState.SILENCED


async def _told(desk: Desk) -> bool:
    return bool(await desk.own.database.chat_messages.latest(1))


async def _cookie(page: Page) -> str:
    return "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in await page.context.cookies())
