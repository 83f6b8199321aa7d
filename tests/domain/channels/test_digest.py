from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from relance.domain.alerts.model import AlertRecord, AlertState
from relance.domain.channels.digest import CycleMails, Digest, RunEnding, digest, ending_of, looked_back_to
from relance.domain.channels.messages import OutgoingMessage, plain_text
from relance.domain.failures import Severity
from relance.domain.jobs.run import JobRun
from relance.wording.reports.digest import digest_message

UNTIL = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
DAY = timedelta(days=1)
SINCE = UNTIL - DAY


def alert(key: str, severity: Severity, *, ago: timedelta = timedelta(hours=2), over: bool = False) -> AlertRecord:
    return AlertRecord(
        id=key,
        key=key,
        group="disk",
        rule="disk-space",
        subject=key,
        severity=severity,
        state=AlertState.RESOLVED if over else AlertState.FIRING,
        fired_at=UNTIL - ago,
        updated_at=UNTIL,
    )


def run(job: str, state: str, ago: timedelta = timedelta(hours=1)) -> JobRun:
    return JobRun(job=job, nominal=UNTIL - ago, state=state, at=UNTIL)


def of(
    *,
    open_alerts: list[AlertRecord] | None = None,
    recent: list[AlertRecord] | None = None,
    runs: list[JobRun] | None = None,
    cycles: list[CycleMails] | None = None,
) -> Digest:
    return digest(
        SINCE, UNTIL, open_alerts=open_alerts or [], recent=recent or [], runs=runs or [], cycles=cycles or []
    )


def message(found: Digest, language: str = "en") -> OutgoingMessage:
    return digest_message(found, key="digest/2026-11-22", at=UNTIL, language=language)


def test_a_day_is_told_in_alerts_runs_mails_and_low_alerts() -> None:
    low = [alert("a", Severity.LOW), alert("b", Severity.LOW, over=True)]
    found = of(
        open_alerts=[alert("c", Severity.CRITICAL), alert("h1", Severity.HIGH), alert("h2", Severity.HIGH), low[0]],
        recent=[*low, alert("h1", Severity.HIGH), alert("old", Severity.LOW, ago=2 * DAY)],
        runs=[run("health", "ran"), run("health", "late"), run("cleanup", "failed"), run("digest", "skipped(missed)")],
        cycles=[CycleMails("2026-11", sent=99_123, lately=1_200, failed=3, open=120)],
    )
    told = message(found)
    assert told.rows == (
        "Open alerts: 1 critical, 2 high, 1 low",
        "4 job runs: 1 on time, 1 late (health), 1 failed (cleanup), 1 skipped (digest)",
        "Cycle 2026-11: 1,200 invitations sent, 99,123 in all; 3 failed, 120 open",
        "2 alerts of low priority:",
        "Disk space · a",
        "Disk space · b · over",
    )
    assert found.counts == {
        "open_alerts": 4,
        "low_alerts": 2,
        "runs_ran": 1,
        "runs_late": 1,
        "runs_failed": 1,
        "runs_skipped": 1,
        "cycles": 1,
    }
    french = plain_text(message(found, "fr"))
    assert "Alertes ouvertes\u00a0: 1 critique, 2 hautes, 1 basse" in french
    assert "1 en retard (health)" in french


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "All is quiet: 300 jobs ran, all on time, and no alert is open."),
        ("fr", "Tout est calme\u00a0: 300 tâches exécutées, toutes à l’heure, et aucune alerte ouverte."),
    ],
)
def test_a_quiet_day_is_one_line(language: str, text: str) -> None:
    found = of(runs=[run("health", "ran")] * 300, cycles=[CycleMails("2026-11", 100, 0, 2, 0)])
    told = message(found, language)
    assert found.is_quiet
    assert (told.text, told.rows) == (text, ())


@pytest.mark.parametrize(
    "found",
    [
        of(open_alerts=[alert("a", Severity.MEDIUM)]),
        of(recent=[alert("a", Severity.LOW, over=True)]),
        of(runs=[run("health", "late")]),
        of(cycles=[CycleMails("2026-11", 1, 1, 0, 0)]),
        of(cycles=[CycleMails("2026-11", 1, 0, 0, 1)]),
    ],
)
def test_a_day_with_anything_to_tell_is_not_quiet(found: Digest) -> None:
    assert not found.is_quiet
    assert message(found).rows


def test_only_what_lies_between_two_digests_is_told() -> None:
    runs = [run("health", "failed", timedelta(0)), run("health", "failed", DAY), run("health", "failed", 2 * DAY)]
    assert of(runs=runs).runs == {RunEnding.FAILED: 1}


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (None, DAY),
        (DAY, DAY),
        (3 * DAY, 3 * DAY),
        (30 * DAY, 7 * DAY),
        (-DAY, DAY),
    ],
)
def test_a_digest_goes_on_where_the_last_one_ended(last: timedelta | None, expected: timedelta) -> None:
    since = looked_back_to(UNTIL - last if last is not None else None, UNTIL, DAY)
    assert UNTIL - since == expected


@pytest.mark.parametrize(
    ("state", "ending"),
    [("ran", "ran"), ("late", "late"), ("failed", "failed"), ("skipped(missed)", "skipped"), ("unheard of", "failed")],
)
def test_every_state_of_a_run_counts_as_something(state: str, ending: str) -> None:
    assert ending_of(state) == ending
