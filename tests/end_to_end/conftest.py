"""The session's servers, with a database, a namespace and worker processes of each test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from relance.devstack.mailbox.client import Mailbox
from relance.devstack.stack import Stack
from tests.support.installation import Installation, installed

CONNECTIONS = 4


@pytest.fixture
async def installation(
    stack: Stack, mailbox: Mailbox, database: str, indexed_database: str
) -> AsyncIterator[Installation]:
    """An installation without people and workers; its mailbox is empty and obeys nobody else."""
    environment = {"RELANCE_MAIL__CONNECTIONS": str(CONNECTIONS)}
    async with installed(stack, database, environment, forks=True, lent_database=indexed_database) as own:
        yield own
