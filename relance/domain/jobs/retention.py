"""How long each kind of document is kept, and when it is anonymised (SPEC H1, section 13).

A period goes as a whole, and only when it is at rest: no plan, mail, timer or doubt of it is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from relance.domain.cycle.send_times import period_window

EXPIRY_GRACE = timedelta(days=1)
"""How long after its expiry an invitation is left to its follow-up."""

DOUBTS_HOLD = timedelta(days=30)
"""For how long a mail in doubt keeps its period as it is: no relay log reaches back further."""


class RetentionStage(StrEnum):
    """What a period's age allows."""

    KEPT = "kept"
    ANONYMOUS = "anonymous"
    DELETED = "deleted"


class Sweep(StrEnum):
    """One pass of the cleanup, in this order; also the code under which it is counted."""

    INVITATIONS_DELETED = "invitations_deleted"
    COMPENSATIONS_DELETED = "compensations_deleted"
    CONTROLS_DELETED = "cycle_controls_deleted"
    PLANS_DELETED = "plans_deleted"
    INVITATIONS_ANONYMISED = "invitations_anonymised"
    COMPENSATIONS_ANONYMISED = "compensations_anonymised"
    PLANS_ANONYMISED = "plans_anonymised"
    JOB_RUNS = "job_runs_deleted"
    ALERTS = "alerts_deleted"
    SILENCES = "silences_deleted"
    CHAT_MESSAGES = "chat_messages_deleted"
    ATTACHMENTS = "attachments_deleted"
    QUARANTINE = "quarantine_deleted"
    POSTED = "posted_reports_deleted"

    @property
    def stage(self) -> RetentionStage | None:
        """The stage of the periods it is about; None if it goes by the age of each document."""
        return _STAGES.get(self)


_STAGES = {
    Sweep.INVITATIONS_DELETED: RetentionStage.DELETED,
    Sweep.COMPENSATIONS_DELETED: RetentionStage.DELETED,
    Sweep.CONTROLS_DELETED: RetentionStage.DELETED,
    # Last of all: where the others have got to is seen from the plans.
    Sweep.PLANS_DELETED: RetentionStage.DELETED,
    Sweep.INVITATIONS_ANONYMISED: RetentionStage.ANONYMOUS,
    Sweep.COMPENSATIONS_ANONYMISED: RetentionStage.ANONYMOUS,
    Sweep.PLANS_ANONYMISED: RetentionStage.ANONYMOUS,
}

EXPIRED = "invitations_expired"
HELD = "periods_held"


@dataclass(frozen=True, slots=True)
class Retention:
    """How long each kind of document is kept, and when periods lose their names and go."""

    anonymous_after: timedelta
    cycles: timedelta
    ages: Mapping[Sweep, timedelta] = field(default_factory=dict)

    def stage(self, period: str, at: datetime) -> RetentionStage:
        """Return what a period's age allows; it counts from the last instant of the period anywhere on Earth."""
        age = at - period_window(period)[1]
        if age >= self.cycles:
            return RetentionStage.DELETED
        return RetentionStage.ANONYMOUS if age >= self.anonymous_after else RetentionStage.KEPT

    def cutoff(self, sweep: Sweep, at: datetime) -> datetime:
        """Return the instant before which documents go; for sweeps that go by age."""
        return at - self.ages[sweep]


@dataclass(frozen=True, slots=True)
class Unsettled:
    """What is still open of a period."""

    plans: int = 0
    mails: int = 0
    timers: int = 0
    doubts: int = 0

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the period is not at rest, as codes."""
        found = {
            "plans_open": self.plans,
            "mails_open": self.mails,
            "follow_ups_live": self.timers,
            "doubts_open": self.doubts,
        }
        return tuple(code for code, count in found.items() if count)


def held_counts(reasons: Iterable[tuple[str, ...]]) -> dict[str, int]:
    """Return how many periods were left alone though their age is over, in all and by reason."""
    counts: dict[str, int] = {HELD: 0}
    for those in reasons:
        counts[HELD] += 1
        for reason in those:
            counts[f"held_{reason}"] = counts.get(f"held_{reason}", 0) + 1
    return counts
