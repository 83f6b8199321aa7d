"""An installation with sample people and a worker, for the commands of the documents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from relance.devstack.samples import sample_people
from relance.devstack.stack import Stack
from tests.cli.terminal import Terminal
from tests.installation import installed

USERS, CONTACTS = 4, 5


@pytest.fixture(scope="module")
async def terminal(stack: Stack) -> AsyncIterator[Terminal]:
    """A terminal that leads to them, in the state in which `starter.py dev` leaves everything."""
    async with installed(stack, f"docs-{uuid4().hex[:8]}") as installation:
        await installation.load(*sample_people(USERS, CONTACTS))
        await installation.start_worker()
        terminal = Terminal(installation.environment)
        terminal.json("bootstrap")
        yield terminal
