from __future__ import annotations

import asyncio

import pytest
from temporalio.testing import ActivityEnvironment

from activities import attempt
from tests.support.patience import PATIENCE_S
from workflows.common import options
from workflows.common.options import STEP

WITH_HEARTBEAT = [found for found in vars(options).values() if isinstance(found, dict) and "heartbeat_timeout" in found]


class Beats:
    """Counts the heartbeats of an activity; `enough` is set with the third one."""

    def __init__(self) -> None:
        self.count = 0
        self.enough = asyncio.Event()
        self.environment = ActivityEnvironment()
        self.environment.on_heartbeat = self._hear

    def _hear(self, *_: object) -> None:
        self.count += 1
        if self.count == 3:
            self.enough.set()


async def test_signs_of_life_are_given_for_as_long_as_the_block_runs_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attempt, "SIGN_OF_LIFE_EVERY", 0.02)
    beats = Beats()

    async def step() -> None:
        with attempt.signs_of_life():
            async with asyncio.timeout(PATIENCE_S):
                await beats.enough.wait()

    await beats.environment.run(step)
    given = beats.count
    await asyncio.sleep(0.2)
    assert beats.count == given


async def test_a_short_step_gives_no_sign_of_life() -> None:
    beats = Beats()

    async def step() -> None:
        with attempt.signs_of_life():
            await asyncio.sleep(0)

    await beats.environment.run(step)
    assert beats.count == 0


def test_several_heartbeats_fit_into_every_heartbeat_timeout() -> None:
    assert len(WITH_HEARTBEAT) > 5
    shortest = min(found["heartbeat_timeout"].total_seconds() for found in WITH_HEARTBEAT)
    assert shortest > 4 * attempt.HEARTBEAT_EVERY
    assert STEP["heartbeat_timeout"].total_seconds() > 4 * attempt.SIGN_OF_LIFE_EVERY
