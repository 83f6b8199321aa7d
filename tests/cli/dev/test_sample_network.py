"""The sample traffic of `dev` and `demo`: findings today, and a quiet morning when the demo wants one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pydantic import SecretStr

from relance.adapters.everflow.reports import EverflowReports
from relance.cli.demo.desk import DAY, QUIET
from relance.cli.dev.sample_network import SampleNetwork
from relance.contracts.names import CheckName
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow.gate import NETWORK_KEY
from relance.devstack.everflow.samples import sample_world
from relance.devstack.everflow_server import EverflowServer
from relance.domain.jobs.cron import nominal_on
from relance.services.report_checks import CheckRun, run_check
from relance.settings.everflow import Everflow
from relance.temporal.checks import cron_of

MONDAY = date(2026, 3, 23)


@pytest.fixture
async def network(running_everflow: EverflowServer, everflow: EverflowControl) -> SampleNetwork:
    network = SampleNetwork(running_everflow.http, MONDAY)
    await network.load(MONDAY)
    return network


async def looks(address: str, day: date) -> list[CheckRun]:
    settings = Everflow(base_url=address, api_key=SecretStr(NETWORK_KEY))
    async with EverflowReports(settings) as reports:
        return [
            await run_check(
                check, reports, settings.rules, nominal_on(day, cron_of(check, settings), settings.timezone)
            )
            for check in CheckName
        ]


@pytest.mark.parametrize("days", range(7))
async def test_on_any_day_each_check_finds_one_thing_and_nothing_the_next_morning(
    network: SampleNetwork, days: int
) -> None:
    day = MONDAY + timedelta(days=days)
    await network.load(day)
    found = await looks(network.address, day)
    await network.load(day + DAY + QUIET)
    later = await looks(network.address, day + DAY)
    assert [len(one.findings) for one in found] == [1, 1]
    assert [len(one.findings) for one in later] == [0, 0]
    assert all(after.rows >= before.rows for before, after in zip(found, later, strict=True))


async def test_a_new_day_has_its_own_findings(network: SampleNetwork, everflow: EverflowControl) -> None:
    await network.keep_up(MONDAY + DAY)
    assert await everflow.world() == sample_world(MONDAY + DAY)
    assert network.day == MONDAY + DAY


async def test_facts_that_somebody_programmed_outlast_the_day(
    network: SampleNetwork, everflow: EverflowControl
) -> None:
    own = sample_world(MONDAY, seed=8)
    await everflow.put_world(own)
    await network.keep_up(MONDAY + DAY)
    assert await everflow.world() == own
