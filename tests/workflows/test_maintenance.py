"""The cleanup, the reconciliation and the reports: what is asked for, and what is recorded of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import TimeSkipper

from relance.contracts.jobs import Ended, EndedInput, Expired, JobInput, JobResult, SweepInput
from relance.contracts.names import TaskQueue
from relance.contracts.privacy import ForgetInput
from relance.domain.jobs.retention import Sweep
from tests.workflows.conftest import Serve
from tests.workflows.desk import Newsroom
from tests.workflows.house import House
from tests.workflows.maintenance import Maintenance
from workflows.daily_digest import DailyDigest
from workflows.forget_person import LAST_LOOK, ForgetPerson
from workflows.noise_report import NoiseReport
from workflows.reconcile import Reconcile
from workflows.weekly_cleanup import WeeklyCleanup

NOMINAL = datetime(2026, 3, 22, 2, 30, tzinfo=UTC)
Job = type[WeeklyCleanup] | type[Reconcile] | type[DailyDigest] | type[NoiseReport]
NOBODY = {"inbox": 1000, "slack": 1000, "mail": 1000}


@pytest.fixture
def house() -> House:
    return House()


def served(house: House, upkeep: Maintenance) -> Sequence[Callable[..., Any]]:
    return [house.record_job_run, Newsroom().ways, *upkeep.activities()]


async def begin(skipper: TimeSkipper, job: Job, request: JobInput | None = None) -> WorkflowHandle[Any, JobResult]:
    return await skipper.client.start_workflow(
        job.run,
        request or JobInput(nominal=NOMINAL),
        id=f"job-{uuid4()}",
        task_queue=TaskQueue.OPS,
        execution_timeout=timedelta(days=2),
    )


async def test_the_cleanup_sweeps_what_was_chosen_and_records_its_counts(
    skipper: TimeSkipper, serving: Serve, house: House
) -> None:
    upkeep = Maintenance(
        expired=Expired(expired=4, busy=("2026-08",)),
        ended=Ended(delete=("2025-03",), anonymise=("2026-05", "2026-06"), held={"periods_held": 1}),
    )
    async with serving(served(house, upkeep)):
        result = await (await begin(skipper, WeeklyCleanup)).result()
    sweeps = [one for one in upkeep.asked if isinstance(one, SweepInput)]
    assert [one.sweep for one in sweeps] == list(Sweep)
    assert {one.sweep: one.periods for one in sweeps}[Sweep.PLANS_DELETED] == ("2025-03",)
    assert {one.sweep: one.periods for one in sweeps}[Sweep.PLANS_ANONYMISED] == ("2026-05", "2026-06")
    assert [one.busy for one in upkeep.asked if isinstance(one, EndedInput)] == [("2026-08",)]
    assert (result.counts["invitations_expired"], result.counts["periods_held"]) == (4, 1)
    assert house.job_runs[0].detail == result.counts


async def test_a_cleanup_without_ended_periods_leaves_them_out(
    skipper: TimeSkipper, serving: Serve, house: House
) -> None:
    upkeep = Maintenance()
    async with serving(served(house, upkeep)):
        await (await begin(skipper, WeeklyCleanup, JobInput(nominal=NOMINAL, dry_run=True))).result()
    sweeps = [one for one in upkeep.asked if isinstance(one, SweepInput)]
    assert all(one.sweep.stage is None and one.dry_run for one in sweeps)
    assert house.job_runs == []


@pytest.mark.parametrize(("broken", "state"), [(False, "late"), (True, "failed")])
async def test_a_reconciliation_is_recorded_however_it_ends(
    skipper: TimeSkipper, serving: Serve, house: House, broken: bool, state: str
) -> None:
    upkeep = Maintenance(broken=broken)
    async with serving(served(house, upkeep)):
        await (await begin(skipper, Reconcile)).result()
    # What was ended by hand is started again in either case.
    assert upkeep.asked[-1] == "repair"
    assert [(run.job, run.state) for run in house.job_runs] == [("reconcile", state)]


@pytest.mark.parametrize("job", [DailyDigest, NoiseReport])
async def test_a_report_goes_to_all_that_always_get_it_and_the_first_that_takes_it(
    skipper: TimeSkipper, serving: Serve, house: House, job: Job
) -> None:
    upkeep = Maintenance()
    async with serving(served(house, upkeep)):
        result = await (await begin(skipper, job)).result()
    assert (upkeep.posts, result.counts) == (["inbox", "slack"], {"open_alerts": 3, "channels": 2})
    assert upkeep.asked[-1] == "done"


async def test_a_report_that_another_run_posts_is_left_to_it(
    skipper: TimeSkipper, serving: Serve, house: House
) -> None:
    upkeep = Maintenance(post=False)
    async with serving(served(house, upkeep)):
        result = await (await begin(skipper, DailyDigest)).result()
    assert (upkeep.posts, result.state, result.counts["channels"]) == ([], "late", 0)


async def test_a_report_no_channel_in_line_takes_is_tried_again_where_it_is_missing(
    skipper: TimeSkipper, serving: Serve, house: House
) -> None:
    upkeep = Maintenance(full={"slack": 2, "mail": 2})
    async with serving(served(house, upkeep)):
        handle = await begin(skipper, DailyDigest)
        await skipper.fast_forward(handle, timedelta(minutes=15))
        result = await handle.result()
    assert (upkeep.posts, result.counts["channels"]) == (["inbox", "slack"], 2)


@pytest.mark.slow(30)
async def test_a_report_nobody_takes_for_hours_is_a_failed_run_and_may_be_started_again(
    skipper: TimeSkipper, serving: Serve, house: House
) -> None:
    upkeep = Maintenance(full=NOBODY)
    async with serving(served(house, upkeep)):
        handle = await begin(skipper, DailyDigest)
        await skipper.fast_forward(handle, timedelta(hours=4))
        result = await handle.result()
    assert (result.state, result.reason) == ("failed", "ChannelUnavailable")
    assert (upkeep.posts, upkeep.asked[-1]) == ([], "given up")


async def test_a_person_is_forgotten_once_nothing_is_under_way_and_looked_for_once_more(
    skipper: TimeSkipper, serving: Serve, house: House
) -> None:
    upkeep = Maintenance(under_way=2)
    async with serving(served(house, upkeep)):
        request = ForgetInput(erasure_id="e-0123456789abcdef")
        handle = await skipper.client.start_workflow(
            ForgetPerson.run, request, id=f"forget/{uuid4()}", task_queue=TaskQueue.OPS
        )
        while await skipper.fast_forward(handle, LAST_LOOK + timedelta(seconds=5)):
            pass
        assert await handle.result() == {"invitations": 2}
    assert upkeep.asked == [request, request, request, "once more"]
