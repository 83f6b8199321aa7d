"""A partner desk that is down: no report, never "all clear", and no further knocking."""

from __future__ import annotations

from datetime import timedelta

import pytest

from relance.adapters.breaker import Breakers
from relance.adapters.everflow.reports import EverflowReports
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow.faults import StatusFault
from relance.domain.mail.breaker import BreakerState
from relance.errors import ReportRefused, ReportUnavailable
from relance.settings.everflow import Everflow
from relance.settings.pacing import Breaking


class Watch:
    """A clock that the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_while_it_is_open_there_is_no_data_and_a_time_to_ask_again(
    network: EverflowControl, settings: Everflow
) -> None:
    watch = Watch()
    breakers = Breakers(Breaking(open_for=timedelta(minutes=1)), watch)
    await network.add_fault(StatusFault(code=503, error="down", path="*", times=3))
    async with EverflowReports(settings, breakers.rare("everflow")) as reports:
        for _ in range(3):
            with pytest.raises(ReportUnavailable, match="503"):
                await reports.prepare()
        assert breakers.states() == {"everflow": BreakerState.OPEN}
        asked = len(await network.calls())
        with pytest.raises(ReportUnavailable) as caught:
            await reports.prepare()
        assert caught.value.retry_after == pytest.approx(60, rel=0.2)
        assert len(await network.calls()) == asked
        watch.now = 80.0
        await reports.prepare()
    assert breakers.states() == {"everflow": BreakerState.CLOSED}


async def test_refusals_and_a_used_up_allowance_never_open_it(network: EverflowControl, settings: Everflow) -> None:
    breakers = Breakers(Breaking(rare_failures=1))
    async with EverflowReports(settings, breakers.rare("everflow")) as reports:
        await network.add_fault(StatusFault(code=400, error="Internal error", path="*", times=1))
        with pytest.raises(ReportRefused):
            await reports.prepare()
        await network.add_fault(StatusFault(code=429, error="slower", path="*", times=1))
        with pytest.raises(ReportUnavailable):
            await reports.prepare()
        await reports.prepare()
    assert breakers.states() == {"everflow": BreakerState.CLOSED}
