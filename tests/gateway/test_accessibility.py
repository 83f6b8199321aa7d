"""The pages behind links as a browser shows them: axe-core finds nothing, nothing is cut off, the style is let in."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relance.adapters.tokens import LinkTokens, Purpose
from relance.devstack.processes import free_port
from relance.domain.invitations.opt_outs import OptOutScope, OptOutStatus
from relance.gateway.application import application
from relance.gateway.links import Links
from relance.gateway.server import serving
from relance.rendering.pages import PageWriter, UnsubscribeView
from relance.settings.gateway import Gateway
from tests.support.gateway_needs import needs_of
from tests.support.keys import PRIVACY

UNTIL = datetime(2026, 12, 5, tzinfo=UTC) + timedelta(hours=12)
WRITER = PageWriter("Form-a-Friend", "Europe/Paris")
LINKS = Links(LinkTokens(PRIVACY.link_keys), Purpose.UNSUBSCRIBE, WRITER, 1_000)
LONG = "Maximilienne-Charlotte de Rochefoucauld-Montgomery von Staufen"
WHOLE = "document.readyState === 'complete'"


def _pages() -> dict[str, str]:
    found: dict[str, str] = {}
    for language in ("fr", "en"):
        for standing in OptOutStatus:
            scope = OptOutScope.EVERYONE if standing is OptOutStatus.BY_NOBODY else OptOutScope.SENDER
            undo = None if standing is OptOutStatus.WRITTEN_TO else (scope, UNTIL)
            view = UnsubscribeView(language, LONG[:60], standing, undo, changed=undo is not None)
            found[f"{standing}-{language}"] = WRITER.unsubscribe(view)
        found[f"unknown-{language}"] = WRITER.unknown(language)
        found[f"refused-{language}"] = WRITER.refused(language, 400)
    return found


PAGES = _pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_what_readers_of_pages_need(name: str) -> None:
    page = PAGES[name]
    assert page.count("<h1>") == page.count("<main>") == page.count("<title>") == 1
    assert f'<html lang="{name[-2:]}"' in page
    assert "width=device-width" in page
    assert "user-scalable" not in page
    labels = re.findall(r'<section class="choice" aria-labelledby="([^"]+)"', page)
    assert len(labels) == len(set(labels)) == page.count("<h2 ") == page.count("<button")
    assert all(f'id="{one}"' in page for one in labels)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [("text", "card"), ("title", "card"), ("title", "page"), ("quiet", "page"), ("on-key", "key"), ("key", "card"),
     ("aside-text", "aside")],
)  # fmt: skip
def test_text_stands_out_enough(scheme: str, text: str, ground: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    style = (files("relance.rendering") / "templates" / "pages" / "style.css").read_text()
    rule = re.findall(r":root \{([^}]*)\}", style)[0 if scheme == "light" else 1]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", rule))
    assert _contrast(colours[text], colours[ground]) >= 4.5


@pytest.fixture(scope="module")
def tabs() -> Any:
    """The module that drives Chromium for the pictures of the documentation."""
    if shutil.which("chromium") is None:
        pytest.fail("Chromium is not on PATH: apt-get install chromium")
    path = Path(__file__).parents[2] / "docs" / "chromium.py"
    spec = importlib.util.spec_from_file_location("relance_docs_chromium", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def browser(tabs: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with tabs.tab(tmp_path_factory.mktemp("chromium")) as tab:
        yield tab


async def _show(request: Request) -> Response:
    return LINKS.page(PAGES[request.path_params["name"]])


def _open(tab: Any, url: str, scheme: str) -> None:
    tab._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    tab.open(url, WHOLE)
    tab.value((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))


def _examine(tab: Any, width: int) -> dict[str, Any]:
    tab.resize(width, 900)
    tab.value("delete window.axeResult; void axe.run(document).then(result => { window.axeResult = result })")
    for _ in range(200):
        if tab.value("window.axeResult !== undefined"):
            break
        tab.value("new Promise(done => setTimeout(done, 50))")
    found = tab.value(
        "JSON.stringify({violations: axeResult.violations.map(one => [one.id, one.nodes.map(node => node.html)]),"
        "passes: axeResult.passes.length,"
        "ground: getComputedStyle(document.body).backgroundColor,"
        "wide: document.documentElement.scrollWidth,"
        "low: [...document.querySelectorAll('button')].map(one => one.getBoundingClientRect().height)})"
    )
    result: dict[str, Any] = json.loads(found)
    return result


GROUNDS = {"light": "rgb(245, 242, 236)", "dark": "rgb(21, 24, 26)"}


@pytest.mark.debian
@pytest.mark.slow
@pytest.mark.parametrize("scheme", GROUNDS)
async def test_axe_finds_nothing_on_a_phone_and_on_a_desk(browser: Any, scheme: str) -> None:
    port = free_port()
    app = application(needs_of(), [lambda _: [Route("/{name}", _show)]])
    async with serving(Gateway(port=port), app):
        for name in PAGES:
            await asyncio.to_thread(_open, browser, f"http://127.0.0.1:{port}/{name}", scheme)
            for width in (320, 375, 1280):
                found = await asyncio.to_thread(_examine, browser, width)
                assert found["violations"] == [], (name, width)
                assert found["passes"] > 10
                assert found["ground"] == GROUNDS[scheme]
                assert found["wide"] <= width
                assert all(height >= 44 for height in found["low"])
