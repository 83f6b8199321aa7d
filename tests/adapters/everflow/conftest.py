"""The real client against the real stub, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import pytest
from pydantic import SecretStr

from relance.adapters.everflow.reports import EverflowReports
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow.gate import NETWORK_KEY
from relance.devstack.everflow.samples import sample_world
from relance.settings.everflow import Everflow
from tests.support.patience import PATIENCE_S

MORNING = date(2026, 11, 4)


@pytest.fixture
async def network(everflow: EverflowControl) -> EverflowControl:
    """The network with the sample facts up to MORNING."""
    await everflow.put_world(sample_world(MORNING))
    return everflow


@pytest.fixture
def settings(everflow: EverflowControl) -> Everflow:
    return Everflow(base_url=everflow.url, api_key=SecretStr(NETWORK_KEY), timeout=PATIENCE_S)


@pytest.fixture
async def reports(network: EverflowControl, settings: Everflow) -> AsyncIterator[EverflowReports]:
    async with EverflowReports(settings) as opened:
        yield opened
