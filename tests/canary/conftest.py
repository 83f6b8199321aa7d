"""The session's servers, with worker processes that are started anew: an error is planted where Python starts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from relance.devstack.mailbox.client import Mailbox
from relance.devstack.stack import Stack
from tests.support.installation import Installation, installed


@pytest.fixture
async def installation(stack: Stack, mailbox: Mailbox, database: str) -> AsyncIterator[Installation]:
    async with installed(stack, database) as own:
        yield own
