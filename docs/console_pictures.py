"""Pictures of every page of the console: `python docs/console_pictures.py LINK`, a link of `starter.py console token`.

Shows what a running installation holds: `starter.py dev`, a cycle sent with `starter.py start cycle --now --yes`.
Needs Chromium on PATH.
"""

from __future__ import annotations

import asyncio
import io
import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Browser, StorageState, async_playwright

IMAGES = Path(__file__).resolve().parent / "images"
PAGES = ("now", "chat", "cycle", "invitations?q=u0003", "mails", "desk", "jobs", "effect", "unread", "health")
SHAPES: dict[str, tuple[int, int, Any]] = {
    "": (1280, 860, "light"),
    "-dark": (1280, 860, "dark"),
    "-phone": (375, 812, "light"),
}
COLOURS = 96
FOLLOWED = {"cycle": "tbody tr:last-child th a", "invitations?q=u0003": "table tbody th a"}
"""Lists whose picture is that of what a link of theirs leads to."""
SETTLED_MS = 1_500


async def main(link: str) -> None:
    """Sign in, and picture each page wide, dark and on a phone."""
    async with async_playwright() as playwright:
        path = shutil.which("chromium")
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        base, state = link.partition("/sign-in/")[0], await _signed_in(browser, link)
        for page in PAGES:
            for suffix, shape in SHAPES.items():
                await _picture(
                    browser, state, f"{base}/{page}", IMAGES / f"console-{page.partition('?')[0]}{suffix}.png", shape
                )
        await browser.close()


async def _signed_in(browser: Browser, link: str) -> StorageState:
    context = await browser.new_context(locale="en-GB")
    page = await context.new_page()
    await page.goto(link)
    await page.click("main button")
    await page.wait_for_url("**/now")
    return await context.storage_state()


async def _picture(browser: Browser, state: StorageState, url: str, target: Path, shape: tuple[int, int, Any]) -> None:
    width, height, scheme = shape
    context = await browser.new_context(
        storage_state=state,
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        locale="en-GB",
        timezone_id="Europe/Paris",
    )
    page = await context.new_page()
    await page.goto(url)
    for name, link in FOLLOWED.items():
        if url.endswith(f"/{name}"):
            await page.locator(link).first.click()
    await page.wait_for_timeout(SETTLED_MS)
    shot = await page.screenshot(animations="disabled")
    await context.close()
    with Image.open(io.BytesIO(shot)) as image:
        image.convert("RGB").quantize(COLOURS).save(target, optimize=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python docs/console_pictures.py LINK")
    asyncio.run(main(sys.argv[1]))
