"""What is recorded of one run of a scheduled job (SPEC H3)."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from relance.domain.base import Document, Utc

RAN, LATE, FAILED = "ran", "late", "failed"
MISSED, PAUSED, OVERLAP = "skipped(missed)", "skipped(paused)", "skipped(overlap)"
NO_WORKER, ALREADY_OPEN = "skipped(no worker in time)", "skipped(already open)"
ENDED_BY_HAND, CYCLE_FAILED = "skipped(cycle was ended by hand)", "skipped(cycle had failed)"

DONE = frozenset({RAN, LATE})
ON_PURPOSE = frozenset({PAUSED, OVERLAP, ALREADY_OPEN})
"""Nothing was to be done: by an operator's decision, or because another run was at it."""


class RunOutcome(Document):
    """How a run ended before a later one did better."""

    state: str
    at: Utc
    detail: dict[str, str | int] = Field(default_factory=dict)


class JobRun(Document):
    """One run of a job for one nominal time; `at` is when it was recorded, `figures` are what H5 watches.

    `history` is how the same nominal time had ended before, oldest first. Only read: nothing writes it back.
    """

    model_config = ConfigDict(extra="ignore")

    job: str
    nominal: Utc
    state: str
    at: Utc
    detail: dict[str, str | int] = Field(default_factory=dict)
    figures: dict[str, float] = Field(default_factory=dict)
    history: tuple[RunOutcome, ...] = ()

    @property
    def outcome(self) -> RunOutcome:
        """How it ended, for the history of the run that takes its place."""
        return RunOutcome(state=self.state, at=self.at, detail=self.detail)


def improves(new: str, old: str) -> bool:
    """Return whether a further run of the same nominal time takes the record's place: only what was not done can be."""
    return new in DONE and old not in DONE
