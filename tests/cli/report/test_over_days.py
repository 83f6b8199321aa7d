"""`report jobs` and `report noise`, from the database alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import starter
from relance.domain.alerts.model import AlertEvent, HistoryEntry
from relance.domain.jobs.run import JobRun
from relance.ids import alert_key
from tests.cli.desk import page, stored
from tests.support.terminal import Terminal

NOW = datetime.now(UTC).replace(microsecond=0)
MORNING = NOW.replace(hour=7, minute=0, second=0) - timedelta(days=2)


async def test_job_runs_are_shown_with_their_nominal_times_and_counted_per_job(terminal: Terminal) -> None:
    nothing = terminal.json("report", "jobs", "--job", "default-lp")
    assert (nothing["runs"], nothing["jobs"]) == ([], {})
    assert "No job has recorded a run" in terminal.run("report", "jobs", "--job", "default-lp").out
    async with starter.database(stored(terminal)) as database:

        async def record(job: str, nominal: datetime, state: str, at: datetime, **detail: str | int) -> None:
            took = {"duration_s": 2.5} if state == "ran" else {}
            await database.job_runs.record(
                JobRun(job=job, nominal=nominal, state=state, at=at, detail=detail, figures=took)
            )

        await record("default-lp", MORNING, "ran", MORNING + timedelta(seconds=75), rows=12, findings=2)
        day = timedelta(days=1)
        await record("default-lp", MORNING + day, "late", MORNING + day + timedelta(minutes=40))
        late = "skipped(no worker in time)"
        await record("paused-partner", MORNING, late, MORNING + timedelta(hours=5), reason="missed")
        await record("paused-partner", MORNING - 30 * day, "failed", MORNING - 30 * day)
    said = terminal.json("report", "jobs")
    assert [run["job"] for run in said["runs"]] == ["default-lp", "default-lp", "paused-partner"]
    assert [run["late_by"] for run in said["runs"]] == [2400, 75, 18000]
    assert said["jobs"]["default-lp"] == {
        "runs": 2,
        "ran": 1,
        "late": 1,
        "failed": 0,
        "skipped": 0,
        "missed": 0,
        "mended": 0,
        "success": 1.0,
        "duration_median_s": 2.5,
        "duration_p95_s": 2.5,
    }
    other = said["jobs"]["paused-partner"]
    assert (other["runs"], other["skipped"], other["success"], other["duration_median_s"]) == (1, 1, 0.0, None)
    month = terminal.json("report", "jobs", "--job", "paused-partner", "--days", "40")
    assert month["jobs"]["paused-partner"]["failed"] == 1
    shown = terminal.run("report", "jobs").out
    for part in ("07:00", "Europe/Amsterdam", "0:01:15", "findings: 2, rows: 12", "Per job", "2.5 s", "100.0%"):
        assert part in shown, part


async def test_a_run_made_up_for_by_hand_shows_how_it_had_ended_before(terminal: Terminal) -> None:
    async with starter.database(stored(terminal)) as database:
        await database.ensure_indexes()
        for state, later in (("skipped(missed)", 1), ("late", 2)):
            at = MORNING + timedelta(hours=later)
            await database.job_runs.record(JobRun(job="cleanup", nominal=MORNING, state=state, at=at))
    said = terminal.json("report", "jobs", "--job", "cleanup")
    [run] = said["runs"]
    assert (run["state"], [one["state"] for one in run["history"]]) == ("late", ["skipped(missed)"])
    assert (said["jobs"]["cleanup"]["mended"], said["cut"]) == (1, [])
    assert "before: skipped(missed)" in terminal.run("report", "jobs", "--job", "cleanup").out


async def test_a_noisy_rule_is_named_with_what_to_do_about_it(terminal: Terminal) -> None:
    quiet = terminal.run("report", "noise").out
    assert "There were no alerts in this time" in quiet
    async with starter.database(stored(terminal)) as database:
        await database.ensure_indexes()
        conditions = {alert_key("default-lp", f"{n}.8.376"): page(f"{n}.8.376") for n in range(5)}
        await database.alerts.take(conditions, NOW - timedelta(hours=2))
        sent = HistoryEntry(at=NOW - timedelta(hours=1), event=AlertEvent.SENT)
        held = HistoryEntry(at=NOW - timedelta(hours=1), event=AlertEvent.SUPPRESSED, detail="unchanged")
        await database.alerts.record({key: [sent, held] for key in conditions})
    said = terminal.json("report", "noise", "--days", "1")
    [rule] = said["rules"]
    assert (rule["rule"], rule["alerts"], rule["sent"], rule["unheeded"]) == ("default-lp", 5, 5, 5)
    assert (rule["suppressed"], rule["noisy"], len(said["loudest"])) == ({"unchanged": 5}, True, 5)
    shown = terminal.run("report", "noise").out
    for part in ("Noise of the last 7 days", "default-lp is noisy", "backtest default-lp", "The loudest"):
        assert part in shown, part
    french = Terminal({**terminal.environment, "RELANCE_ALERTS__LANGUAGE": "fr"})
    assert "default-lp est bruyante" in french.run("report", "noise").out
