"""The session's servers, with a database, a namespace and worker processes of each test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from relance.devstack.mailbox.client import Mailbox
from relance.devstack.stack import Stack
from tests.support.installation import Installation, installed

CONNECTIONS = 4


@pytest.fixture
async def installation(stack: Stack, mailbox: Mailbox, database: str) -> AsyncIterator[Installation]:
    """An installation without people and workers; its mailbox is empty and obeys nobody else."""
    async with installed(stack, database, {"RELANCE_MAIL__CONNECTIONS": str(CONNECTIONS)}, forks=True) as own:
        yield own
