"""Cycles and waves that are told to pause, to go on and to stop (SPEC C11)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper

from relance.contracts.control import ControlChange
from relance.contracts.cycle import CycleInput, CycleOptions, CycleStatistics, WaveInput, WaveResult
from relance.contracts.names import TaskQueue
from relance.domain.cycle.control import ControlState
from tests.support.asking import answered
from tests.support.patience import PATIENCE_S
from tests.workflows.conftest import Serve
from tests.workflows.house import House
from workflows.common.cycle_control import ASK_EVERY
from workflows.monthly_cycle import MonthlyCycle
from workflows.send_wave import SendWave

PERIOD = "2026-11"
OPTIONS = CycleOptions(batch_users=2, batches_in_flight=2, replan_every=timedelta(days=60))
USERS = 6


def told(state: ControlState, by: str = "ann", reason: str = "") -> ControlChange:
    return ControlChange(state=state, by=by, reason=reason, at=datetime.now(UTC))


def household() -> House:
    return House(planned=dict.fromkeys((f"u{n}" for n in range(USERS)), datetime.now(UTC).replace(microsecond=0)))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.02)


async def begin_wave(skipper: TimeSkipper, house: House) -> WorkflowHandle[SendWave, WaveResult]:
    return await skipper.client.start_workflow(
        SendWave.run,
        WaveInput(period=PERIOD, instant=next(iter(house.planned.values())), options=OPTIONS),
        id=f"wave-under-test/{uuid4()}",
        task_queue=TaskQueue.INVITATIONS,
        execution_timeout=timedelta(days=9),
    )


async def begin_cycle(skipper: TimeSkipper) -> WorkflowHandle[MonthlyCycle, CycleStatistics]:
    return await skipper.client.start_workflow(
        MonthlyCycle.run,
        CycleInput(period=PERIOD, options=OPTIONS, send_now=True),
        id=f"cycle-under-test/{uuid4()}",
        task_queue=TaskQueue.INVITATIONS,
        execution_timeout=timedelta(days=200),
    )


async def test_a_stopped_batch_waits_for_the_signal_and_is_then_sent_as_a_whole(
    skipper: TimeSkipper, serving: Serve
) -> None:
    house = household()
    house.control = told(ControlState.PAUSED, reason="relay moves")
    async with serving(house.activities()):
        wave = await begin_wave(skipper, house)
        await until(lambda: house.looks >= 2)
        await asyncio.sleep(0.3)
        assert (await answered(lambda: wave.query(SendWave.progress))).control.words == "paused by ann: relay moves"
        # Two batches in flight found out; no further one was begun.
        assert (house.stopped, len(house.planned)) == (2, USERS)
        house.control = told(ControlState.RUNNING, by="bob")
        await wave.signal(SendWave.control, house.control)
        result = await wave.result()
    assert (result.counts.sent, result.batches, result.batches_failed) == (USERS, 3, 0)
    assert len(house.followed) == 3


async def test_a_wave_that_hears_of_the_pause_first_begins_no_batch(skipper: TimeSkipper, serving: Serve) -> None:
    house = household()
    house.control = told(ControlState.PAUSED)
    async with serving(house.activities()):
        wave = await begin_wave(skipper, house)
        await wave.signal(SendWave.control, house.control)
        await asyncio.sleep(0.5)
        begun = len(house.batches)
        await asyncio.sleep(0.5)
        assert len(house.batches) == begun <= 2
        await wave.terminate()


async def test_a_lost_signal_costs_an_hour_and_not_the_wave(skipper: TimeSkipper, serving: Serve) -> None:
    house = household()
    house.control = told(ControlState.PAUSED)
    async with serving(house.activities()):
        wave = await begin_wave(skipper, house)
        await until(lambda: house.looks >= 2)
        # Whoever resumed it died between the database and the signal.
        house.control = told(ControlState.RUNNING)
        await asyncio.sleep(0.3)
        assert len(house.planned) == USERS
        await skipper.fast_forward(wave, ASK_EVERY + timedelta(seconds=2))
        result = await wave.result()
    assert result.counts.sent == USERS


async def test_a_signal_that_was_overtaken_changes_nothing(skipper: TimeSkipper, serving: Serve) -> None:
    house = household()
    pause = told(ControlState.PAUSED)
    house.control = told(ControlState.RUNNING)
    async with serving(house.activities()):
        wave = await begin_wave(skipper, house)
        await wave.signal(SendWave.control, house.control)
        await wave.signal(SendWave.control, pause)
        assert (await wave.result()).counts.sent == USERS


@pytest.mark.parametrize(("state", "followed"), [(ControlState.CANCELLED, 2), (ControlState.ROLLED_BACK, 0)])
async def test_a_wave_that_is_over_follows_what_was_sent_unless_it_is_rolled_back(
    skipper: TimeSkipper, serving: Serve, state: ControlState, followed: int
) -> None:
    house = household()
    house.control = told(ControlState.PAUSED)
    async with serving(house.activities()):
        wave = await begin_wave(skipper, house)
        await until(lambda: house.looks >= 2)
        house.control = told(state)
        await wave.signal(SendWave.control, house.control)
        result = await wave.result()
    # The two batches that were stopped may have sent a part; the third was never begun.
    assert (result.batches, len(house.followed), len(house.planned)) == (2, followed, USERS)


@pytest.mark.parametrize("state", [ControlState.RUNNING, ControlState.CANCELLED])
async def test_a_paused_cycle_that_misses_its_signal_learns_of_it_at_the_next_planning_pass(
    skipper: TimeSkipper, serving: Serve, state: ControlState
) -> None:
    house = household()
    # After the beginning of the cycle, before its second planning pass.
    house.planned = dict.fromkeys(house.planned, next(iter(house.planned.values())) + timedelta(minutes=30))
    async with serving(house.activities()):
        cycle = await skipper.client.start_workflow(
            MonthlyCycle.run,
            CycleInput(period=PERIOD, options=OPTIONS.model_copy(update={"replan_every": timedelta(hours=1)})),
            id=f"cycle-under-test/{uuid4()}",
            task_queue=TaskQueue.INVITATIONS,
        )
        await until(lambda: len(house.plans_made) == 1)
        house.control = told(ControlState.PAUSED)
        await cycle.signal(MonthlyCycle.control, house.control)
        # Whoever let it go on, or cancelled it, died between the database and the signal.
        house.control = told(state)
        await skipper.fast_forward(cycle, timedelta(hours=1, minutes=1))
        await until(lambda: house.looks > 0)
        if state is ControlState.RUNNING:
            await until(lambda: not house.planned)
        else:
            await until(lambda: bool(house.given_up))
        with suppress(RPCError):
            # It may have come to its end meanwhile.
            await cycle.terminate()


async def test_a_paused_cycle_starts_no_wave_and_tells_those_that_run(skipper: TimeSkipper, serving: Serve) -> None:
    house = household()
    later = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    house.control = told(ControlState.PAUSED)
    async with serving(house.activities()):
        cycle = await begin_cycle(skipper)
        await until(lambda: house.looks >= 2)
        await cycle.signal(MonthlyCycle.control, house.control)
        house.planned["late"] = later
        await cycle.signal(MonthlyCycle.preferences_changed)
        await until(lambda: len(house.plans_made) == 2)
        await asyncio.sleep(0.3)
        progress = await answered(lambda: cycle.query(MonthlyCycle.progress))
        assert (len(progress.current_waves), progress.control.by) == (1, "ann")
        house.control = told(ControlState.RUNNING)
        await cycle.signal(MonthlyCycle.control, house.control)
        result = await cycle.result()
    assert (result.sent, result.balance) == (USERS + 1, 0)


@pytest.mark.parametrize("state", [ControlState.CANCELLED, ControlState.ROLLED_BACK])
async def test_a_cycle_that_is_over_gives_up_the_rest_and_balances(
    skipper: TimeSkipper, serving: Serve, state: ControlState
) -> None:
    house = household()
    house.planned["later"] = datetime.now(UTC) + timedelta(days=2)
    house.control = told(ControlState.PAUSED)
    async with serving(house.activities()):
        cycle = await begin_cycle(skipper)
        await until(lambda: house.looks >= 2)
        house.control = told(state)
        await cycle.signal(MonthlyCycle.control, house.control)
        result = await cycle.result()
    assert (result.plans_open, result.balance) == (0, 0)
    assert house.given_up == ["later", *(f"u{n}" for n in range(USERS))]


async def test_a_cycle_that_waits_for_deferred_mails_ends_at_once_when_it_is_cancelled(
    skipper: TimeSkipper, serving: Serve
) -> None:
    house = household()
    house.open_answers = [3]
    async with serving(house.activities()):
        cycle = await begin_cycle(skipper)
        await until(lambda: house.balances == 1)
        house.control = told(ControlState.CANCELLED)
        await cycle.signal(MonthlyCycle.control, house.control)
        result = await cycle.result()
    assert (house.balances, result.open) == (2, 0)
    assert len(house.unsent) == 2, "and once more for what was given up"
