"""What the tests of the console share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser
from temporalio.client import Client

from relance.adapters.mongo.connection import Database
from relance.settings.console import ConsoleGroup, SignInWay
from relance.temporal.connection import connect
from tests.console.browser import running_chromium
from tests.console.support import Visitor, visitor_of


@pytest.fixture
async def client(temporal_address: str, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal_address)
    return await connect()


@pytest.fixture
async def ann(db: Database, client: Client) -> AsyncIterator[Visitor]:
    """An operator who is signed in."""
    async with visitor_of(db, ConsoleGroup(sign_in=SignInWay.TOKEN), client=client) as visitor:
        await visitor.enter()
        yield visitor


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A browser; each test opens windows of its own in it."""
    async with running_chromium() as browser:
        yield browser
