from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from relance.domain.alerts.delivery import NotificationKind
from relance.domain.channels.messages import plain_text
from relance.domain.jobs.missed import not_done_since, worst
from relance.domain.jobs.run import JobRun
from relance.services.conditions import job_missed
from relance.wording.alerts.english import ENGLISH
from relance.wording.alerts.french import FRENCH
from relance.wording.alerts.messages import alert_message
from relance.wording.alerts.rows import row

AT = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)


def runs(*states: str, job: str = "cleanup", by: str = "") -> list[JobRun]:
    """Runs of consecutive weeks, newest first."""
    detail: dict[str, str | int] = {"by": by} if by else {}
    return [
        JobRun(job=job, nominal=AT - timedelta(weeks=week), state=state, at=AT, detail=detail)
        for week, state in enumerate(states)
    ]


@pytest.mark.parametrize(
    ("states", "bad"),
    [
        (["ran"], None),
        (["failed", "ran"], "failed"),
        (["ran", "failed"], None),
        (["skipped(paused)", "failed"], "failed"),
        (["skipped(overlap)", "ran", "skipped(missed)"], None),
        (["skipped(missed)", "failed"], "skipped(missed)"),
        (["skipped(no worker in time)"], "skipped(no worker in time)"),
        (["skipped(already open)"], None),
        ([], None),
    ],
)
def test_a_job_is_missed_until_it_was_done_again(states: list[str], bad: str | None) -> None:
    found = not_done_since(runs(*states))
    assert (found.state if found else None) == bad


def test_a_check_tells_of_its_own_failures_and_not_of_runs_that_never_were() -> None:
    assert not_done_since(runs("failed", job="default-lp")) is None
    assert not_done_since(runs("skipped(missed)", job="default-lp", by="audit")) is not None


def test_the_newest_of_several_misses_is_told() -> None:
    many = runs("skipped(paused)", "skipped(missed)", "failed", by="audit")
    assert worst(reversed(many)) == many[1]
    assert worst(runs("ran", "skipped(overlap)")) is None


@pytest.mark.parametrize(
    ("words", "reason"), [(ENGLISH, "it failed (timed_out)"), (FRENCH, "elle a échoué (timed_out)")]
)
def test_people_read_which_job_when_and_why(words: object, reason: str) -> None:
    language = ENGLISH if words is ENGLISH else FRENCH
    run = runs("failed")[0].model_copy(update={"detail": {"reason": "timed_out"}})
    alert = job_missed(run).opened("id", "key", AT)
    assert row(language, alert) == f"cleanup · 2026-11-22 02:30 UTC · {reason}"
    text = plain_text(alert_message(NotificationKind.FIRING, [alert], key="key", at=AT, language=language.code))
    assert "cleanup" in text
