"""An installation with sample people and a worker, for the commands of the documents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from relance.cli.base.periods import today
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow.dataset import World
from relance.devstack.everflow.samples import sample_world
from relance.devstack.samples import sample_people
from relance.devstack.stack import Stack, chat_environment
from relance.settings.everflow import Everflow
from tests.support.installation import installed
from tests.support.terminal import Terminal

USERS, CONTACTS = 4, 5
REPORTS_ZONE = Everflow().timezone
"""The day of the checks begins there: at UTC's midnight it is an hour or two old."""
NAMED = date(2026, 10, 18)
"""The newest day of a run that a command of the documents names."""


@pytest.fixture(scope="module")
async def terminal(stack: Stack, chat_http: str) -> AsyncIterator[Terminal]:
    """A terminal that leads to them, in the state in which `starter.py dev` leaves everything."""
    async with installed(stack, f"docs-{uuid4().hex[:8]}", chat_environment(chat_http), forks=True) as installation:
        await installation.load(*sample_people(USERS, CONTACTS))
        async with EverflowControl(stack.everflow_http) as network:
            await network.put_world(_world())
        await installation.start_worker()
        terminal = Terminal(installation.environment)
        terminal.json("bootstrap")
        yield terminal


def _world() -> World:
    """The facts of the days the documents name, and those of today's checks around them."""
    named, newest = sample_world(NAMED), sample_world(today(datetime.now(UTC), REPORTS_ZONE))
    hours = [fact.hour for fact in named.facts]
    others = tuple(fact for fact in newest.facts if not min(hours) <= fact.hour <= max(hours))
    return named.model_copy(update={"facts": named.facts + others})
