"""What the gateway shows and to whom, over its real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import httpx
import pytest
from pydantic import SecretStr

from relance.adapters.attachment_tokens import AttachmentTokens
from relance.adapters.mongo.connection import connect
from relance.devstack.processes import free_port
from relance.domain.channels.messages import Attachment
from relance.gateway.addresses import attachment_addresses
from relance.gateway.application import application
from relance.gateway.attachments import MOST_BYTES
from relance.gateway.server import serving
from relance.rendering.alert_charts import AlertCharts
from relance.settings import Mongo
from relance.settings.gateway import Gateway
from tests.rendering.test_alert_charts import a_fall
from tests.support.fakes import FakeAttachments
from tests.support.gateway_needs import needs_of
from tests.support.keys import PRIVACY, ring
from tests.support.messages import KEY, PNG

TOKENS = AttachmentTokens(ring("a key of at least thirty-two characters"))
SAFE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}


@pytest.fixture
async def attachments() -> FakeAttachments:
    kept = FakeAttachments()
    files = [
        Attachment("chart.png", "image/png", PNG),
        Attachment("page.html", "text/html", b"<script>alert(1)</script>"),
        Attachment("vast.png", "image/png", bytes(MOST_BYTES + 1)),
    ]
    await kept.store(KEY, files)
    return kept


@pytest.fixture
async def browser(attachments: FakeAttachments) -> AsyncIterator[httpx.AsyncClient]:
    settings = Gateway(port=free_port())
    async with (
        serving(settings, application(needs_of(attachments=attachments, verify_attachment=TOKENS.verify))),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.port}", trust_env=False, timeout=30) as client,
    ):
        yield client


def _safe(answer: httpx.Response) -> bool:
    return SAFE.items() <= dict(answer.headers).items() and "server" not in answer.headers


async def test_whoever_has_the_link_sees_the_picture_and_nothing_is_guessed_from_it(browser: httpx.AsyncClient) -> None:
    path = f"/attachments/{TOKENS.sign(KEY, 'chart.png')}"
    answer, head = await browser.get(path), await browser.head(path)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, PNG, "image/png")
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''chart.png"
    assert answer.headers["cache-control"] == "private, max-age=86400"
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(PNG)))
    assert _safe(answer)
    assert _safe(head)


async def test_every_other_link_looks_the_same(browser: httpx.AsyncClient) -> None:
    good = TOKENS.sign(KEY, "chart.png")
    links = [
        f"/attachments/{good[:-2]}",
        f"/attachments/{good}/",
        f"/attachments/{AttachmentTokens(ring('x' * 32)).sign(KEY, 'chart.png')}",
        f"/attachments/{TOKENS.sign(KEY, 'other.png')}",
        f"/attachments/{TOKENS.sign('other', 'chart.png')}",
        f"/attachments/{TOKENS.sign(KEY, 'page.html')}",
        f"/attachments/{TOKENS.sign(KEY, 'vast.png')}",
        f"/attachments/{TOKENS.sign('k' * 2_000, 'chart.png')}",
        "/attachments/",
        "/attachments/%00%ff",
        "/attachments/..%2F..%2Fetc%2Fpasswd",
        "/attachments",
        "/",
        "/docs",
    ]
    answers = [await browser.get(link) for link in links]
    assert {(one.status_code, one.text) for one in answers} == {(404, "Not found")}
    assert all(_safe(one) for one in answers)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_a_picture_can_only_be_looked_at(browser: httpx.AsyncClient, method: str) -> None:
    answer = await browser.request(method, f"/attachments/{TOKENS.sign(KEY, 'chart.png')}", content=b"x" * 200_000)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert _safe(answer)


async def test_a_database_that_does_not_answer_is_a_matter_of_time(
    browser: httpx.AsyncClient, attachments: FakeAttachments
) -> None:
    attachments.reachable = False
    answer = await browser.get(f"/attachments/{TOKENS.sign(KEY, 'chart.png')}")
    assert (answer.status_code, answer.text, answer.headers["retry-after"]) == (503, "Try again later", "10")
    assert _safe(answer)


async def test_no_log_holds_a_link(browser: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    token = TOKENS.sign(KEY, "chart.png")
    for path in (f"/attachments/{token}", f"/attachments/{token}x"):
        await browser.get(path)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]
    assert not [line for line in ours if token in line]


async def test_the_link_in_a_message_leads_to_its_chart(mongo_uri: str, database: str) -> None:
    port = free_port()
    settings = Gateway(port=port, public_url=f"http://127.0.0.1:{port}/")
    opened = connect(Mongo(uri=SecretStr(mongo_uri), database=database, timeout=30), PRIVACY)
    charts = AlertCharts(opened.attachments, attachment_addresses(settings, TOKENS.sign))
    async with (
        serving(settings, application(needs_of(opened, verify_attachment=TOKENS.verify))),
        httpx.AsyncClient(trust_env=False, timeout=30) as client,
    ):
        (chart,) = await charts.attachments([a_fall()], f"alert/paused-partner/{date(2026, 3, 11)}/1", "en")
        assert chart.url is not None
        answer = await client.get(chart.url)
    assert (answer.status_code, answer.content) == (200, chart.content)
    assert attachment_addresses(Gateway(port=port), TOKENS.sign)("k", "f") is None
    await opened.client.drop_database(database)
    await opened.close()


async def test_a_client_that_comes_too_often_sees_no_picture_for_a_while(attachments: FakeAttachments) -> None:
    settings = Gateway(port=free_port(), client_rate=0.001)
    async with (
        serving(
            settings, application(needs_of(settings=settings, attachments=attachments, verify_attachment=TOKENS.verify))
        ),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.port}", trust_env=False, timeout=30) as client,
    ):
        link = f"/attachments/{TOKENS.sign(KEY, 'chart.png')}"
        first, second = await client.get(link), await client.get(link)
    assert (first.status_code, second.status_code, second.text) == (200, 429, "Too many requests")
    assert 1 <= int(second.headers["retry-after"]) <= 1_000
