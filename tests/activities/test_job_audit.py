"""One record for each nominal time, whatever ran, whoever died, however often the audit comes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.job_audit import JobAudit
from relance.adapters.mongo.connection import Database
from relance.contracts.jobs import JobRequest
from relance.domain.jobs.audit import AuditStatus, Execution, Passed, Watched
from relance.domain.jobs.run import JobRun
from relance.services.alerts import AlertService
from tests.simulation.memory.database import open_memory
from tests.simulation.memory.link import SafeLink
from tests.simulation.memory.store import Store
from tests.support.fakes import FakeAlertGroups, FakeMeter, FixedClock

CREATED = datetime(2026, 11, 22, tzinfo=UTC)
EVERY, CATCHUP, GRACE = timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=1)
JOB = "reconcile"


@dataclass
class FakeServer:
    """A Schedule that acts every five minutes; `runs` are the executions, `page` how many times are listed at once."""

    runs: dict[datetime, Execution] = field(default_factory=dict)
    paused: bool = False
    present: bool = True
    page: int = 3
    now: datetime = CREATED
    spec: str = "a"
    changed_at: datetime = CREATED
    offset: timedelta = timedelta(0)

    async def schedule(self, job: str) -> Watched | None:
        times = [nominal(n) + self.offset for n in range(1, 500)]
        missed = sum(at < self.now - CATCHUP and at not in self.runs and not self.paused for at in times)
        passed = Passed(missed=missed)
        found = Watched(job, job, self.spec, CATCHUP, self.paused, CREATED, self.changed_at, passed)
        return found if self.present else None

    async def matching(self, job: str, after: datetime, until: datetime) -> tuple[Sequence[datetime], datetime]:
        times = [at for n in range(1, 500) if after < (at := nominal(n) + self.offset) <= until]
        return (times[: self.page], times[self.page - 1]) if len(times) > self.page else (times, until)

    async def execution(self, schedule: Watched, nominal: datetime) -> Execution | None:
        return self.runs.get(nominal)

    async def executions(self, schedule: Watched, since: datetime) -> list[Execution]:
        return [run for run in self.runs.values() if run.closed_at is None or run.closed_at >= since]

    def ran(
        self,
        number: int,
        *,
        status: AuditStatus = AuditStatus.COMPLETED,
        begun: datetime | None = None,
        lasted: timedelta = timedelta(seconds=9),
    ) -> None:
        started = begun or nominal(number)
        closed = None if status is AuditStatus.RUNNING else started + lasted
        self.runs[nominal(number)] = Execution(nominal(number), status, started, closed)


def nominal(number: int) -> datetime:
    return CREATED + number * EVERY


@dataclass
class Site:
    """The audit on a database in memory."""

    server: FakeServer = field(default_factory=FakeServer)
    groups: FakeAlertGroups = field(default_factory=FakeAlertGroups)
    database: Database = field(default_factory=lambda: open_memory(Store(), SafeLink()))
    clock: FixedClock = field(default_factory=lambda: FixedClock(CREATED))
    meter: FakeMeter = field(default_factory=FakeMeter)

    async def __aenter__(self) -> Site:
        await self.database.ensure_indexes()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.database.close()

    async def audit(self, at: datetime, *, dry_run: bool = False) -> dict[str, int]:
        self.clock.at = self.server.now = at
        data = self.database
        desk = AlertService(data.alerts, data.silences, self.groups, self.clock)
        audit = JobAudit([JOB], self.server, data.audit_marks, data.job_runs, desk, self.clock, GRACE, self.meter)
        return (await audit.audit(JobRequest(nominal=at, dry_run=dry_run))).counts

    async def record(self, number: int, state: str = "ran") -> None:
        run = JobRun(job=JOB, nominal=nominal(number), state=state, at=nominal(number) + timedelta(seconds=9))
        await self.database.job_runs.record(run)

    async def states(self) -> dict[int, str]:
        runs = await self.database.job_runs.runs(limit=1000)
        return {round((run.nominal - CREATED) / EVERY): run.state for run in reversed(runs)}

    async def told(self) -> list[str]:
        return [alert.subject for alert in await self.database.alerts.open("job-missed")]


async def test_an_outage_of_hours_is_recorded_page_by_page_and_people_are_told_once() -> None:
    async with Site() as site:
        back = nominal(30) + timedelta(seconds=5)
        for number, begun in ((1, None), (2, None), (29, back), (30, back)):
            site.server.ran(number, begun=begun)
            await site.record(number)
        counts = await site.audit(back + timedelta(minutes=2))
        states = await site.states()
        assert {number: states[number] for number in range(3, 29)} == dict.fromkeys(range(3, 29), "skipped(missed)")
        assert counts == {"nominal": 30, "skipped(missed)": 26, "open": 0}
        assert await site.told() == [JOB]
        site.server.ran(31)
        await site.record(31)
        assert await site.audit(nominal(31) + timedelta(minutes=4)) == {"nominal": 1, "open": 0}
        # The group's workflow resolves it; the desk has told it that the job ran again.
        assert site.groups.summary()[-1] == ("job-missed", [], ["job-missed/reconcile"])


async def test_a_dry_run_counts_the_same_and_leaves_no_trace() -> None:
    async with Site() as site:
        at = nominal(9)
        assert (await site.audit(at, dry_run=True))["skipped(missed)"] == 6
        assert (await site.states(), await site.told(), await site.database.audit_marks.get(JOB)) == ({}, [], None)
        assert (await site.audit(at))["skipped(missed)"] == 6


async def test_whatever_a_run_came_to_is_recorded() -> None:
    async with Site() as site:
        site.server.ran(1, status=AuditStatus.TIMED_OUT, lasted=timedelta(minutes=11))
        site.server.ran(4, status=AuditStatus.UNSERVED)
        site.server.ran(5, status=AuditStatus.RUNNING)
        site.server.ran(6)
        await site.audit(nominal(9))
        assert await site.states() == {
            1: "failed",
            2: "skipped(overlap)",
            3: "skipped(overlap)",
            4: "skipped(no worker in time)",
            6: "ran",
        }
        await site.record(1, "late")
        assert (await site.states())[1] == "late"


async def test_a_pause_is_no_reason_to_wake_anybody() -> None:
    async with Site() as site:
        site.server.ran(1)
        await site.record(1)
        await site.audit(nominal(1) + timedelta(seconds=30))
        site.server.paused = True
        await site.audit(nominal(3) + timedelta(minutes=2))
        assert await site.states() == {1: "ran", 2: "skipped(paused)", 3: "skipped(paused)"}
        assert await site.told() == []


async def test_a_nominal_time_between_the_last_audit_and_a_change_of_the_cron_is_recorded_and_told() -> None:
    """The new expression acts two minutes later; the time before it, at which nothing ran, is none of its times."""
    async with Site() as site:
        site.server.ran(1)
        await site.record(1)
        await site.audit(nominal(1) + timedelta(minutes=1))
        changed = nominal(2) + timedelta(minutes=1)
        site.server.spec, site.server.offset, site.server.changed_at = "b", timedelta(minutes=2), changed
        counts = await site.audit(nominal(2) + timedelta(minutes=4))
        # Nothing makes up for it any more, so that its record need not wait; its first new time may still be.
        assert counts == {"nominal": 2, "skipped(missed)": 1, "open": 1}
        runs = await site.database.job_runs.runs()
        assert {run.nominal: run.state for run in runs} == {nominal(1): "ran", nominal(2): "skipped(missed)"}
        assert await site.told() == [JOB]
        # Until then nothing is recorded twice, and afterwards each of the new times has its own.
        await site.audit(nominal(9))
        runs = await site.database.job_runs.runs()
        new = [nominal(number) + timedelta(minutes=2) for number in range(2, 7)]
        assert sorted(run.nominal for run in runs) == [nominal(1), nominal(2), *new]


async def test_a_run_that_failed_by_its_own_account_is_told_until_it_was_done_again() -> None:
    async with Site() as site:
        site.server.ran(1)
        await site.record(1, "failed")
        await site.audit(nominal(2))
        assert await site.told() == [JOB]
        await site.record(1, "late")
        await site.audit(nominal(2) + timedelta(seconds=1))
        assert site.groups.summary()[-1] == ("job-missed", [], ["job-missed/reconcile"])


async def test_a_job_without_a_schedule_is_counted_and_has_no_nominal_times() -> None:
    async with Site(FakeServer(present=False)) as site:
        assert await site.audit(nominal(9)) == {"unscheduled": 1}
        assert await site.states() == {}


class Died(Exception):
    """A worker is gone."""


async def test_a_worker_that_dies_between_two_records_has_the_rest_written_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Site() as site:
        record, left = site.database.job_runs.record, [4]

        async def mortal(run: JobRun) -> bool:
            left[0] -= 1
            if left[0] < 0:
                raise Died
            return await record(run)

        monkeypatch.setattr(site.database.job_runs, "record", mortal)
        for _ in range(2):
            with pytest.raises(Died):
                await site.audit(nominal(9))
            left[0] = 1
        monkeypatch.undo()
        await site.audit(nominal(9))
        assert await site.states() == dict.fromkeys(range(1, 7), "skipped(missed)")


fates = st.sampled_from(["recorded", "cut", "nothing", "nothing", "running"])


@settings(deadline=None)
@given(
    every=st.lists(fates, min_size=20, max_size=20),
    looks=st.lists(st.integers(1, 100 * 60), min_size=1, max_size=6),
    page=st.integers(1, 7),
)
def test_every_nominal_time_has_a_record_once_nothing_can_be_made_up_for_any_more(
    every: list[str], looks: list[int], page: int
) -> None:
    async def run() -> None:
        async with Site(FakeServer(page=page)) as site:
            for second in [*sorted(looks), 200 * 60]:
                at = CREATED + timedelta(seconds=second)
                for number, fate in enumerate(every, 1):
                    if nominal(number) <= at:
                        await act(site, number, fate)
                await site.audit(at)
                states = await site.states()
                too_soon = [
                    n for n, state in states.items() if state == "skipped(missed)" and at < nominal(n) + CATCHUP
                ]
                assert too_soon == []
            expected = {n for n, fate in enumerate(every, 1) if fate != "running"}
            assert set(await site.states()) >= expected
            assert {n for n, fate in enumerate(every, 1) if fate == "running"}.isdisjoint(await site.states())

    async def act(site: Site, number: int, fate: str) -> None:
        if fate == "recorded":
            site.server.ran(number)
            await site.record(number)
        elif fate == "cut":
            site.server.ran(number, status=AuditStatus.TERMINATED)
        elif fate == "running":
            site.server.ran(number, status=AuditStatus.RUNNING)

    asyncio.run(run())
